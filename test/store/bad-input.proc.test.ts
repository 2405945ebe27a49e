import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import {
  appendFileSync,
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { encode } from "../../src/capture/encode.ts"
import type { Begin, CaptureRecord, End } from "../../src/capture/record.ts"
import { segmentName } from "../../src/capture/segment-name.ts"
import { checksum } from "../../src/store/capture/checksum.ts"
import { cnitap, PROGRAM, type Ran } from "../cli/cnitap.ts"

/** An hour that is past, so that readers leave an index beside it. */
const T0 = Date.UTC(2026, 2, 1, 6, 30)
const SEGMENT = segmentName(T0)
const [FIRST, SECOND] = ["00000000000000a1", "00000000000000a2"]

/** Read without an index, then with the one that was left, which must give the same result. */
async function twice(directory: string, ...args: string[]): Promise<Ran> {
  const first = await cnitap([...args, "--capture", directory])
  const second = await cnitap([...args, "--capture", directory])
  assert.deepEqual(second, first)
  return first
}

async function names(directory: string): Promise<Ran> {
  return twice(directory, "ls", "-o", "name")
}

const BOTH = `operation/${FIRST}\noperation/${SECOND}\n`

test("a torn last line, a torn one in the middle, a changed byte: counted, and the rest is read", async (t) => {
  const directory = capture(t, begin(FIRST), end(FIRST), begin(SECOND), end(SECOND))
  appendFileSync(join(directory, SEGMENT), lineOf(begin("00000000000000a3")).slice(0, 200))
  assert.deepEqual(await names(directory), {
    code: 0,
    stdout: BOTH,
    stderr: `cnitap: 1 line not read: torn (a killed or full-disk write), first at ${SEGMENT}:${sizeOf(begin(FIRST), end(FIRST), begin(SECOND), end(SECOND)) + 1}\n`,
  })
  const torn = lineOf(begin("00000000000000a3"))
  const changed = torn.replace("ADD", "AXX")
  const other = captureOf(
    t,
    lineOf(begin(FIRST)),
    torn.slice(0, 150),
    lineOf(end(FIRST)),
    changed,
    lineOf(begin(SECOND)),
    lineOf(end(SECOND)),
  )
  assert.deepEqual(await names(other), {
    code: 0,
    stdout: BOTH,
    stderr: `cnitap: 2 lines not read: torn (a killed or full-disk write), first at ${SEGMENT}:${sizeOf(begin(FIRST)) + 1}\n`,
  })
})

test("an unknown kind, a newer format, text and binary data: each counted under its name", async (t) => {
  const directory = captureOf(
    t,
    lineOf(begin(FIRST)),
    lineOf({ ...begin(FIRST), kind: "gap" } as unknown as CaptureRecord),
    lineOf({ ...begin(FIRST), format: 2 }),
    "\nhello\n",
    Buffer.from([10, 0, 255, 254, 128, 13, 0, 10]).toString("latin1"),
    lineOf(end(FIRST)),
    lineOf(end("00000000000000ff")),
    lineOf(begin(SECOND)),
    lineOf(end(SECOND)),
  )
  const { stderr, ...rest } = await names(directory)
  assert.deepEqual(rest, { code: 0, stdout: BOTH })
  assert.deepEqual(
    stderr
      .trim()
      .split("\n")
      .map((line) => line.replace(/, first at .*/, "")),
    [
      "cnitap: 1 line not read: of an unknown kind",
      "cnitap: 1 line not read: of a newer format (read them with a newer cnitap)",
      "cnitap: 2 lines not read: not a record",
      "cnitap: 1 line not read: the end of a call whose beginning is not in the capture (pruned)",
    ],
  )
})

test("a capture with only newer lines, or without any record, is a fault that names the file", async (t) => {
  const newer = captureOf(t, lineOf({ ...begin(FIRST), format: 2 }))
  assert.deepEqual(await names(newer), {
    code: 3,
    stdout: "",
    stderr: `no operation found\ncnitap: ${newer} has a newer format (${SEGMENT}:1). Use a newer cnitap.\n`,
  })
  const foreign = captureOf(t, "hello\n", "\u0000\u0001\n")
  assert.deepEqual(await names(foreign), {
    code: 3,
    stdout: "",
    stderr: `no operation found\ncnitap: ${foreign} contains no record (${SEGMENT}:0). Pass a capture directory with --capture.\n`,
  })
})

test("a line of 100 MB is passed over", async (t) => {
  const directory = capture(t, begin(FIRST), end(FIRST))
  const file = openSync(join(directory, SEGMENT), "a")
  const junk = Buffer.alloc(1 << 20, "x")
  for (let megabyte = 0; megabyte < 100; megabyte++) writeSync(file, junk)
  writeSync(file, lineOf(begin(SECOND)) + lineOf(end(SECOND)))
  closeSync(file)
  assert.deepEqual(await names(directory), {
    code: 0,
    stdout: BOTH,
    stderr: `cnitap: 1 line not read: too long to be a record, first at ${SEGMENT}:${sizeOf(begin(FIRST), end(FIRST))}\n`,
  })
})

test("a clock that goes back by hours, across segments", async (t) => {
  const later = { ...begin(FIRST), wallMs: T0 + 7_200_000 }
  const directory = mkdtempSync(join(tmpdir(), "cnitap-bad-"))
  t.after(() => rmSync(directory, { recursive: true }))
  writeFileSync(
    join(directory, segmentName(later.wallMs)),
    lineOf(later) + lineOf({ ...end(FIRST), wallMs: T0 + 7_200_100 }),
  )
  const del = { ...begin(SECOND), monoMs: 900_000, env: { ...begin(SECOND).env, CNI_COMMAND: "DEL" } }
  writeFileSync(join(directory, SEGMENT), lineOf(del) + lineOf({ ...end(SECOND), monoMs: 900_010 }))
  // Made first, although its time is the later one: the ledger must see the DEL after it.
  assert.deepEqual(await names(directory), { code: 0, stdout: BOTH, stderr: "" })
  const ledger = await twice(directory, "ledger", "-o", "name")
  assert.deepEqual(ledger, { code: 0, stdout: "", stderr: "no attachment found\n" })
})

test("thirty thousand other files in the directory are ignored", async (t) => {
  const directory = capture(t, begin(FIRST), end(FIRST), begin(SECOND), end(SECOND))
  // A million takes minutes to make; what matters is that none of them is opened.
  for (let number = 0; number < 30_000; number++) closeSync(openSync(join(directory, `other-${number}`), "w"))
  assert.deepEqual(await names(directory), { code: 0, stdout: BOTH, stderr: "" })
})

test("a missing directory, a file in its place, rights that are missing", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "cnitap-bad-"))
  t.after(() => rmSync(root, { recursive: true }))
  const missing = join(root, "nowhere")
  assert.deepEqual(await cnitap(["ls", "--capture", missing]), {
    code: 3,
    stdout: "",
    stderr: `cnitap: ${missing} does not exist. Install the relay with \`cnitap install\`, or pass another directory with --capture.\n`,
  })
  const directory = join(root, "capture")
  mkdirSync(directory)
  writeFileSync(join(directory, SEGMENT), lineOf(begin(FIRST)) + lineOf(end(FIRST)))
  chmodSync(root, 0o755)
  chmodSync(directory, 0o755)
  chmodSync(join(directory, SEGMENT), 0o000)
  const other = asNobody("ls", "--capture", directory)
  assert.deepEqual(other, {
    code: 4,
    stdout: "",
    stderr: `cnitap: permission denied: cannot read ${join(directory, SEGMENT)}. Run as root, or as the user that runs the plugins.\n`,
  })
})

test("a directory that can be read but not written is read anyway, each time, and nothing is left in it", async (t) => {
  const directory = capture(t, begin(FIRST), end(FIRST), begin(SECOND), end(SECOND))
  chmodSync(directory, 0o555)
  chmodSync(join(directory, SEGMENT), 0o444)
  for (const verb of [
    ["ls", "-o", "name"],
    ["ls", "failed or ok", "-o", "name"],
  ])
    assert.deepEqual(asNobody(...verb, "--capture", directory), { code: 0, stdout: BOTH, stderr: "" })
  assert.deepEqual(readdirSync(directory), [SEGMENT])
})

test("an index is thrown away when its segment changed, when it is torn, and when its segment is gone", async (t) => {
  const directory = capture(t, begin(FIRST), end(FIRST))
  const index = join(directory, `.${SEGMENT}.index`)
  const only = { code: 0, stdout: `operation/${FIRST}\n`, stderr: "" }
  assert.deepEqual(await names(directory), only)
  assert.deepEqual(readdirSync(directory), [`.${SEGMENT}.index`, SEGMENT])
  appendFileSync(join(directory, SEGMENT), lineOf(begin(SECOND)) + lineOf(end(SECOND)))
  assert.deepEqual(await names(directory), { code: 0, stdout: BOTH, stderr: "" })
  for (const bytes of [0, 10, 40, 500]) {
    const file = openSync(index, "r+")
    ftruncateSync(file, bytes)
    closeSync(file)
    assert.deepEqual(await names(directory), { code: 0, stdout: BOTH, stderr: "" }, `${bytes} bytes`)
  }
  writeFileSync(index, "not an index at all, but long enough to hold a header")
  assert.deepEqual(await names(directory), { code: 0, stdout: BOTH, stderr: "" })
  writeFileSync(join(directory, ".calls-20200101T00.jsonl.index"), "")
  rmSync(index)
  await names(directory)
  assert.deepEqual(readdirSync(directory), [`.${SEGMENT}.index`, SEGMENT])
})

/** uid 65534: an ordinary user, who has fewer permissions than root. */
function asNobody(...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    ...(process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}),
    encoding: "utf8",
    cwd: "/",
    env: { PATH: process.env.PATH },
  })
  return { code: status, stdout, stderr }
}

function capture(t: TestContext, ...records: CaptureRecord[]): string {
  return captureOf(t, ...records.map(lineOf))
}

function captureOf(t: TestContext, ...pieces: string[]): string {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-bad-"))
  t.after(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, SEGMENT), Buffer.from(pieces.join(""), "latin1"))
  return directory
}

function lineOf(record: CaptureRecord): string {
  return encode(record, checksum)
}

function sizeOf(...records: CaptureRecord[]): number {
  return records.map(lineOf).join("").length
}

function begin(id: string): Begin {
  const at = id === FIRST ? 0 : 20_000
  return {
    format: 1,
    kind: "begin",
    id,
    depth: 0,
    as: "relay",
    wallMs: T0 + at,
    monoMs: 500_000 + at,
    node: "elsewhere",
    pid: 10,
    ppid: 1,
    plugin: "bridge",
    path: "/opt/cni/bin/bridge",
    argv: ["bridge"],
    env: { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1", CNI_IFNAME: "eth0" },
    envNames: [],
    stdin: { sizeBytes: 17, text: '{"name":"pods-1"}' },
  }
}

function end(id: string): End {
  return {
    format: 1,
    kind: "end",
    id,
    wallMs: T0 + 10,
    monoMs: 500_010,
    durationMs: 10,
    spawnMs: 0.3,
    exit: { code: 0 },
    usage: { maxRssBytes: 4096, userMs: 1, systemMs: 1 },
    stdout: { sizeBytes: 0, text: "" },
    stderr: { sizeBytes: 0, text: "" },
  }
}
