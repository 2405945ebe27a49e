import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { gzipSync } from "node:zlib"
import { encode } from "../../src/capture/encode.ts"
import type { Begin, CaptureRecord, End, Payload } from "../../src/capture/record.ts"
import { segmentName } from "../../src/capture/segment-name.ts"
import { checksum } from "../../src/store/capture/checksum.ts"
import { cnitap } from "../cli/cnitap.ts"

/** An hour that is past, so that readers leave an index beside it. */
const T0 = Date.UTC(2026, 2, 1, 6, 30)
const SEGMENT = segmentName(T0)
const ID = "00000000000000a1"
const OK = `operation/${ID}\n`

const VERBS = [
  ["ls"],
  ["ls", "ip=10.0.0.1"],
  ["show", ID],
  ["explain", ID],
  ["stats"],
  ["lint"],
  ["ledger"],
  ["who-owns", "10.0.0.1"],
  ["diff", ID, ID],
  ["tail"],
  ["ps"],
  ["export", "jsonl"],
  ["export", "chrome-trace"],
  ["export", "otlp-json"],
  ["export", "html"],
  ["export", "probe-log"],
  ["export", "repro", ID],
]

const DEEP: Record<string, { stdin?: string; stdout?: string; stderr?: string }> = {
  "objects in stdin, arrays in stdout": { stdin: nested('{"a":', "}"), stdout: nested("[", "]") },
  "arrays in a result, objects in stderr": {
    stderr: nested('{"a":', "}"),
    stdout: `{"cniVersion":"1.0.0","ips":${nested("[", "]")}}`,
  },
  "brackets that are never closed": { stdin: "[".repeat(200_000), stdout: '{"a":'.repeat(200_000) },
}

for (const [name, streams] of Object.entries(DEEP))
  test(`every verb treats deeply nested JSON as text: ${name}`, async (t) => {
    const directory = captureOf(t, begin({ stdin: text(streams.stdin) }), end(streams))
    for (const verb of VERBS) {
      const { code, stderr } = await cnitap([...verb, "--capture", directory])
      assert.ok(code === 0 || (code === 1 && FINDS.includes(verb[0] ?? "")), `${verb}: exit ${code} ${stderr}`)
    }
  })

/** Verbs whose exit status says that they found something. */
const FINDS = ["lint", "explain", "ledger", "who-owns", "diff", "ls"]

function nested(opening: string, closing: string): string {
  return `${opening.repeat(50_000)}1${closing.repeat(50_000)}`
}

const WRONG: Record<string, object> = {
  "a time without a date": { wallMs: 1e300 },
  "a time as text": { wallMs: "now" },
  "no environment": { env: undefined },
  "an environment of numbers": { env: { CNI_COMMAND: 7 } },
  "an environment of objects": { env: { CNI_COMMAND: "ADD", CNI_ARGS: {} } },
  "arguments that are an object": { argv: {} },
  "a plugin that is a number": { plugin: 7 },
  "a list as stdin": { stdin: [] },
  "stdin without content": { stdin: { sizeBytes: 4 } },
  "stdin that is not base64": { stdin: { sizeBytes: 4, base64: "END\n" } },
  "a modification time without a date": { original: { sizeBytes: 1, modifiedMs: 1e300 } },
}

test("sealed records with members of the wrong type are counted, and every other call is read", async (t) => {
  const wrong = Object.values(WRONG).map(
    (members, at) =>
      ({ ...begin({}), id: `00000000000000b${at.toString(16)}`, ...members }) as unknown as CaptureRecord,
  )
  const directory = captureOf(t, begin({}), end({}), ...wrong)
  for (const pass of ["without an index", "with an index"]) {
    const { stdout, stderr, code } = await cnitap(["ls", "-o", "name", "--capture", directory])
    const offset = Buffer.byteLength(lineOf(begin({})) + lineOf(end({}))) + 1
    const message = `cnitap: ${wrong.length} lines not read: with members of the wrong type (not written by a relay), first at ${SEGMENT}:${offset}\n`
    assert.deepEqual({ stdout, stderr, code }, { stdout: OK, stderr: message, code: 0 }, pass)
  }
  for (const verb of VERBS) {
    const { code, stderr } = await cnitap([...verb, "--capture", directory])
    assert.ok(code === 0 || (code === 1 && FINDS.includes(verb[0] ?? "")), `${verb}: exit ${code} ${stderr}`)
  }
})

/** Each in the place of the stdout of an ADD that exits with 0. Last: the line is not JSON, although it is sealed. */
const STREAMS = [
  '{"sizeBytes":1,"text":5}',
  '{"sizeBytes":1}',
  '{"sizeBytes":1,"base64":["x"]}',
  '{"sizeBytes":1,"text":"a"b}',
]

test("a sealed record whose stream is malformed is never fatal", async (t) => {
  const directory = captureOf(t)
  const lines = STREAMS.flatMap((stream, at) => {
    const id = `00000000000000c${at}`
    const body = JSON.stringify({ ...end({}), id }).replace('{"sizeBytes":0,"text":""}', () => stream)
    return [lineOf({ ...begin({}), id }), sealed(body.slice(0, -1))]
  })
  writeFileSync(join(directory, SEGMENT), [lineOf(begin({})), lineOf(end({})), ...lines].join(""))
  for (const verb of [["ls"], ...VERBS]) {
    const { code, stderr } = await cnitap([...verb, "--capture", directory])
    assert.ok(code === 0 || (code === 1 && FINDS.includes(verb[0] ?? "")), `${verb}: exit ${code} ${stderr}`)
  }
})

test("a FIFO, a directory or a device in the place of an index file does not block a reader", async (t) => {
  const directory = captureOf(t, begin({}), end({}))
  await cnitap(["ls", "--capture", directory])
  const index = readdirSync(directory).find((name) => name !== SEGMENT)
  assert.ok(index)
  const path = join(directory, index)
  const plants = {
    fifo: () => execFileSync("mkfifo", [path]),
    directory: () => mkdirSync(path),
    link: () => execFileSync("ln", ["-s", "/dev/zero", path]),
    rubbish: () => writeFileSync(path, Buffer.alloc(4096, 0xff)),
  }
  for (const [name, plant] of Object.entries(plants)) {
    rmSync(path, { recursive: true })
    plant()
    const read = await cnitap(["ls", "-o", "name", "--capture", directory])
    assert.deepEqual({ ...read, stderr: "" }, { code: 0, stdout: OK, stderr: "" }, name)
  }
})

test("a bundle that unpacks to a hundred times its size is refused, with what to do", async (t) => {
  const directory = captureOf(t)
  const bomb = join(directory, "bomb.gz")
  writeFileSync(bomb, gzipSync(Buffer.alloc(100 * 1024 * 1024, "\n")))
  assert.deepEqual(await cnitap(["ls", "--from", bomb]), {
    code: 3,
    stdout: "",
    stderr: `cnitap: ${bomb} unpacks to more than 67 MB. If you trust it, unpack it with gunzip where there is room, and pass the unpacked file.\n`,
  })
})

test("export repro: nothing of a capture reaches the shell as code", async (t) => {
  const directory = captureOf(
    t,
    begin({
      command: "ADD\ntouch owned-by-command",
      env: {
        "A=1; touch owned-by-name; B": "x",
        LD_PRELOAD: "/tmp/owned.so",
        CNI_ARGS: "'; touch owned-by-value; '",
        CNI_CONTAINERID: "$(touch owned-by-id)`touch owned-by-backquote`\u202e",
      },
      plugin: "'; touch owned-by-plugin; '",
      stdin: { sizeBytes: 9, text: "END_OF_STDIN\ntouch owned-by-stdin\n\u0000" },
    }),
    end({}),
  )
  const { stdout, code } = await cnitap(["export", "repro", ID, "--capture", directory])
  assert.equal(code, 0)
  assert.doesNotMatch(stdout, /LD_PRELOAD|owned-by-name/)
  const script = join(directory, "repro.sh")
  writeFileSync(script, stdout)
  const plugin = join(directory, "plugin")
  writeFileSync(plugin, "#!/bin/sh\ncat >/dev/null\n")
  chmodSync(plugin, 0o755)
  execFileSync("sh", [script], { cwd: directory, stdio: "ignore" })
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith("owned")),
    [],
  )
  assert.ok(!existsSync(join(directory, "owned-by-command")))
})

/** C1 controls, direction marks, separators. */
const FOREIGN = "a\u009b31m\u200e\u200f\u061c\u2028\u2029\u202eb"

test("control, direction and separator characters are escapes in JSON, which has the same value", async (t) => {
  const directory = captureOf(t, begin({ env: { CNI_CONTAINERID: FOREIGN } }), end({ stdout: FOREIGN }))
  for (const output of ["json", "jsonl"]) {
    const { stdout } = await cnitap(["show", ID, "-o", output, "--capture", directory])
    assert.ok(stdout.includes("a\\u009b31m\\u200e\\u200f\\u061c\\u2028\\u2029\\u202eb"), output)
    assert.equal(JSON.stringify(JSON.parse(stdout)).includes(FOREIGN), true, output)
  }
  const { stdout } = await cnitap(["show", ID, "--capture", directory])
  assert.ok(stdout.includes("a\\x9b31m\\u200e\\u200f\\u061c\\u2028\\u2029\\u202eb"))
})

test("an error message that quotes an argument has no escape sequences", async () => {
  const { stderr, code } = await cnitap(["ls", "--\u001b[31mred"])
  assert.equal(code, 2)
  assert.ok(stderr.includes("\\x1b[31mred") && !stderr.includes("\u001b"), stderr)
})

test("a newline in a container ID does not forge a line of the probe log", async (t) => {
  const forged = "c1\nCNI_COMMAND=DEL,CNI_CONTAINERID=c2,input={}"
  const directory = captureOf(
    t,
    begin({ env: { CNI_CONTAINERID: forged }, stdin: { sizeBytes: 2, text: "{}" } }),
    end({}),
  )
  const { stdout } = await cnitap(["export", "probe-log", "--capture", directory])
  const [first, ...rest] = stdout.trimEnd().split("\n")
  assert.equal(first, "CNI_COMMAND=ADD,CNI_CONTAINERID=c1\\x0aCNI_COMMAND=DEL,CNI_CONTAINERID=c2,input={},input={}")
  assert.ok(
    rest.every((line) => line.startsWith("CNI_COMMAND=ADD,")),
    stdout,
  )
})

type Change = { command?: string; env?: Record<string, string>; plugin?: string; stdin?: Payload | undefined }

function begin({ command = "ADD", env = {}, plugin = "bridge", stdin }: Change): Begin {
  const base = { CNI_COMMAND: command, CNI_CONTAINERID: "c1", CNI_IFNAME: "eth0" }
  return {
    format: 1,
    kind: "begin",
    id: ID,
    depth: 0,
    as: "relay",
    wallMs: T0,
    monoMs: 1000,
    pid: 10,
    ppid: 1,
    plugin,
    path: "./plugin",
    argv: ["./plugin"],
    env: { ...base, ...env },
    envNames: [],
    ...(stdin ? { stdin } : {}),
  }
}

function end({ stdout = "", stderr = "" }: { stdout?: string; stderr?: string }): End {
  const usage = { maxRssBytes: 1, userMs: 1, systemMs: 1 }
  const times = { wallMs: T0 + 5, monoMs: 1005, durationMs: 5, spawnMs: 1 }
  const streams = { stdout: text(stdout) ?? EMPTY, stderr: text(stderr) ?? EMPTY }
  return { format: 1, kind: "end", id: ID, ...times, exit: { code: 0 }, usage, ...streams }
}

const EMPTY = { sizeBytes: 0, text: "" }

function text(content: string | undefined): Payload | undefined {
  return content ? { sizeBytes: Buffer.byteLength(content), text: content } : undefined
}

function lineOf(record: CaptureRecord): string {
  return encode(record, checksum)
}

function sealed(body: string): string {
  return `\n${body},"seal":${JSON.stringify(checksum(body))}}\n`
}

function captureOf(t: TestContext, ...records: CaptureRecord[]): string {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-hostile-"))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  if (records.length > 0) writeFileSync(join(directory, SEGMENT), records.map(lineOf).join(""))
  return directory
}
