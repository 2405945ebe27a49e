import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { after, before, test } from "node:test"
import { makeNode, type Node } from "../web/recording.ts"
import { cnitap, PROGRAM, type Ran } from "./cnitap.ts"
import { Transcripts } from "./transcript.ts"

let root: string
let node: Node

before(() => {
  root = mkdtempSync(join(tmpdir(), "cnitap-mistakes-"))
  node = makeNode()
  for (const name of ["web-1", "web-2"]) node.operation("ADD", { namespace: "shop", name, sandbox: 1 })
})
after(() => {
  rmSync(root, { recursive: true, force: true })
  node.remove()
})

/** Every verb that reads a capture, with what it must be given. */
const READING = [
  "ls",
  "show abc",
  "explain abc",
  "diff abc",
  "diff abc def",
  "tail",
  "tail -f",
  "ps",
  "stats",
  "lint",
  "ledger",
  "who-owns 10.0.0.1",
  "serve --listen 127.0.0.1:0",
]

/** What every reading verb says of a capture: one answer for all. Nothing in it may change. */
async function everyVerb(capture: string, expected: { stderr: string; code: number }): Promise<void> {
  const before = listing(root)
  for (const verb of READING) {
    const ran = await cnitap([...verb.split(" "), "--capture", capture])
    assert.deepEqual({ verb, ...ran }, { verb, stdout: "", ...expected })
  }
  assert.deepEqual(listing(root), before)
}

function listing(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) =>
      entry.isFile() ? `${entry.name} ${readFileSync(join(entry.parentPath, entry.name)).length}` : entry.name,
    )
    .sort()
}

function made(name: string, files: Record<string, string | Buffer>): string {
  const directory = join(root, name)
  mkdirSync(directory)
  for (const [file, content] of Object.entries(files)) writeFileSync(join(directory, file), content)
  return directory
}

test("a missing directory", { timeout: 60_000 }, async () => {
  const path = join(root, "missing")
  await everyVerb(path, {
    stderr: `cnitap: ${path} does not exist. Install the relay with \`cnitap install\`, or pass another directory with --capture.\n`,
    code: 3,
  })
})

test("a file, and a directory of other files", { timeout: 60_000 }, async () => {
  const directory = made("foreign", { "notes.txt": "hello" })
  const file = join(directory, "notes.txt")
  await everyVerb(file, {
    stderr: `cnitap: ${file} is not a directory. Pass a capture directory with --capture, or a bundle with --from.\n`,
    code: 3,
  })
  await everyVerb(directory, {
    stderr: `cnitap: ${directory} contains files but no capture segment (calls-<hour>.jsonl). Pass a capture directory with --capture.\n`,
    code: 3,
  })
})

test("missing permissions", { timeout: 60_000 }, async () => {
  const directory = join(root, "closed")
  mkdirSync(directory, { mode: 0o700 })
  const copy = mkdtempSync(join(tmpdir(), "cnitap-copy-"))
  cpSync(dirname(PROGRAM), copy, { recursive: true })
  const ran = await asNobody(join(copy, "cnitap.js"), ["ls", "--capture", directory])
  rmSync(copy, { recursive: true })
  assert.deepEqual(ran, {
    stdout: "",
    stderr: `cnitap: permission denied: cannot read ${directory}. Run as root, or as the user that runs the plugins.\n`,
    code: 4,
  })
})

test("a capture of a newer format is a fault; such lines among readable ones are counted", async () => {
  const newer = '\n{"format":99,"kind":"begin"}\n'
  const directory = made("newer", { "calls-20260921T03.jsonl": newer })
  assert.deepEqual(await cnitap(["ls", "--capture", directory]), {
    stdout: "",
    stderr: `no operation found\ncnitap: ${directory} has a newer format (calls-20260921T03.jsonl:1). Use a newer cnitap.\n`,
    code: 3,
  })
  const [segment = ""] = readdirSync(node.capture)
  const both = made("both", {
    "calls-20260921T03.jsonl": newer,
    [segment]: readFileSync(join(node.capture, segment), "utf8"),
  })
  assert.deepEqual(await cnitap(["ls", "--pod", "nowhere", "--capture", both]), {
    stdout: "",
    stderr: `no operation found\ncnitap: no call in ${both} has pod nowhere. It has web-1, web-2.\ncnitap: 1 line not read: of a newer format (read them with a newer cnitap), first at calls-20260921T03.jsonl:1\n`,
    code: 0,
  })
})

test("torn and foreign lines are counted and reported; the rest is read", async () => {
  const [segment = ""] = readdirSync(node.capture)
  const lines = readFileSync(join(node.capture, segment), "utf8")
  const directory = made("damaged", {
    [segment]: Buffer.concat([
      Buffer.from(`\nnoise\n{"format":1,"kind":"begin","id":"torn\n`),
      Buffer.from([10, 255, 0, 10]),
      Buffer.from(lines),
      Buffer.from('\n{"format":1,"kind":"end","id":'),
    ]),
  })
  const { stdout, stderr, code } = await cnitap(["ls", "-o", "jsonpath={.items[*].pod.name}", "--capture", directory])
  assert.deepEqual([stdout.split(" ").includes("web-2"), code], [true, 0])
  assert.deepEqual(
    stderr.split("\n").map((line) => line.replace(/(?<=first at ).*/, "PLACE").replace(/\d+ lines?/, "N lines")),
    [
      "cnitap: N lines not read: not a record, first at PLACE",
      "cnitap: N lines not read: torn (a killed or full-disk write), first at PLACE",
      "",
    ],
  )
})

test("an empty capture has no calls yet", async () => {
  const directory = made("empty", {})
  const transcripts = new Transcripts(directory)
  assert.deepEqual(await transcripts.of("ls"), { out: [], err: ["no operation found"], code: 0 })
  assert.deepEqual(await transcripts.of("ps"), { out: [], err: ["no call in flight"], code: 0 })
  assert.deepEqual(await transcripts.of("stats"), { out: [], err: ["no call found"], code: 0 })
  assert.deepEqual(await transcripts.of("lint"), { out: [], err: ["nothing found"], code: 0 })
  assert.deepEqual(await transcripts.of("explain", "web"), {
    out: [],
    err: ["cnitap: no pod, operation or container web in DIR. List operations with `cnitap ls`."],
    code: 6,
  })
  const { out, code } = await transcripts.of("ls", "-o", "json")
  assert.deepEqual(
    [JSON.parse(out.join("\n")), code],
    [{ apiVersion: "cnitap/v1", kind: "OperationList", items: [] }, 0],
  )
})

test("unknown verbs, flags, formats and values", async () => {
  const linesOf = async (...args: string[]) => {
    const { out, err, code } = await new Transcripts(node.capture).of(...args)
    return [...out, ...err, code]
  }
  assert.deepEqual(await linesOf("lss"), ["cnitap: unknown command 'lss'. Did you mean ls?", 2])
  assert.deepEqual(await linesOf("ls", "--namespce", "x"), [
    "cnitap: unknown option '--namespce'. Did you mean --namespace?",
    2,
  ])
  assert.deepEqual(await linesOf("show"), [
    "cnitap: missing required argument 'pod|id'. Usage: cnitap show [options] <pod|id>",
    2,
  ])
  assert.deepEqual(await linesOf("ls", "-o", "xml"), [
    "cnitap: unknown output format xml. Use one of table, wide, json, jsonl, yaml, name, jsonpath=<template>, custom-columns=<heading>:<path>.",
    2,
  ])
  assert.deepEqual(await linesOf("ls", "-o", "jsonpath={.items[}"), [
    "cnitap: jsonpath: expected an index, *, a quoted key or ?(…) at character 9. Write it as kubectl does: jsonpath='{.items[*].id}'.",
    2,
  ])
  assert.deepEqual(await linesOf("ls", "--since", "lunch"), [
    "cnitap: --since lunch is neither a duration nor a date. Write --since T or --since DATE.",
    2,
  ])
  for (const [since, count] of [
    ["yesterday", 2],
    ["1h ago", 2],
    ["now", 0],
  ] as const) {
    const { stdout, code } = await cnitap(["ls", "--since", since, "-o", "name", "--capture", node.capture])
    assert.deepEqual([since, stdout.split("\n").length - 1, code], [since, count, 0])
  }
  assert.deepEqual(await linesOf("list"), ["cnitap: unknown command 'list'. Did you mean ls?", 2])
  assert.deepEqual(await linesOf("logs"), ["cnitap: unknown command 'logs'. Did you mean tail?", 2])
  assert.deepEqual(await linesOf("--capture", "x", "ls"), [
    "cnitap: unknown option '--capture'. Write flags after the verb: cnitap ls --capture.",
    2,
  ])
  assert.deepEqual(await linesOf("completion"), [
    "cnitap: no shell is named. Use one of bash, zsh, fish: source <(cnitap completion bash).",
    2,
  ])
  assert.deepEqual(await linesOf("tail", "-n", "3"), [
    "cnitap: -n 3 is the namespace 3, not a number of calls. Write --last 3, or the filter namespace=3.",
    2,
  ])
  assert.deepEqual(await linesOf("tail", "-100"), ["cnitap: -100 is not a filter. Write --last 100.", 2])
  assert.deepEqual(await linesOf("ls", "--limit", "3"), ["cnitap: unknown option '--limit'. Did you mean --last?", 2])
  assert.deepEqual(await linesOf("ls", "-f"), ["cnitap: unknown option '-f'. Did you mean --watch?", 2])
  assert.deepEqual(await linesOf("version", "--client"), [
    "cnitap: unknown option '--client'. Usage: cnitap version [options]",
    2,
  ])
  assert.deepEqual(await linesOf("explain", "pod", "shop/web-9"), [
    "cnitap: no pod, operation or container pod/shop/web-9 in DIR. Did you mean shop/web-1?",
    6,
  ])
  assert.deepEqual(await linesOf("ls", "plugin=brigde"), [
    "no operation found",
    "cnitap: no call in DIR has plugin brigde. Did you mean bridge?",
    0,
  ])
  assert.deepEqual(await linesOf("stats", "--plugin", "calico"), [
    "no call found",
    "cnitap: no call in DIR has plugin calico. It has bandwidth, bridge, host-local, portmap.",
    0,
  ])
  assert.deepEqual(await linesOf("ls", "plugin=bridge)"), [
    'cnitap: filter: unmatched closing bracket; expected "and" or "or"',
    "  plugin=bridge)",
    "        ^",
    "See `cnitap help filter` for the grammar.",
    2,
  ])
  assert.deepEqual(await linesOf("export", "repro", "zzz"), [
    "cnitap: no operation in DIR matches. List operations with `cnitap ls`.",
    6,
  ])
  assert.deepEqual(await linesOf("export", "jsonl", "--out", "/nonexistent/calls.jsonl"), [
    "cnitap: the directory of /nonexistent/calls.jsonl does not exist. Create it, or choose another file.",
    3,
  ])
  assert.deepEqual(await linesOf("plan", "--bin-dir", "/nonexistent"), [
    "cnitap: /nonexistent does not exist. Name another with --bin-dir.",
    3,
  ])
  assert.deepEqual(await linesOf("plan", "--capture", "/a", "--capture", "/b"), [
    "cnitap: --capture is given twice. An install records into one directory: name one.",
    2,
  ])
  assert.deepEqual(await linesOf("ls", "--from", "/etc/passwd"), [
    "cnitap: /etc/passwd is not a bundle: it contains no record. Pass the path of a file that `export bundle` wrote.",
    3,
  ])
  const [toStdout, toDash] = [await linesOf("export", "jsonl"), await linesOf("export", "jsonl", "--out", "-")]
  assert.deepEqual(toDash, toStdout)
  assert.deepEqual(await linesOf("ls", "--slower-than", "slow"), [
    "cnitap: --slower-than slow is not a duration. Write --slower-than T or 2s.",
    2,
  ])
  assert.deepEqual(await linesOf("ls", "--since", "10m", "--until", "1h"), [
    "cnitap: nothing can match: --since T is after --until 1h. Swap the two.",
    2,
  ])
  assert.deepEqual(await linesOf("stats", "-o", "name"), [
    "cnitap: -o name cannot be used with stats. Use -o table, wide, json, jsonl, yaml or jsonpath=<template>.",
    2,
  ])
  assert.deepEqual(await linesOf("stats", "--slowest", "-1"), [
    "cnitap: --slowest must be a non-negative integer. Write --slowest 5.",
    2,
  ])
  assert.deepEqual(await linesOf("who-owns", "10.0.0"), [
    "cnitap: 10.0.0 is not an IP address. Write it as 10.1.2.3 or fd00::3.",
    2,
  ])
  assert.deepEqual(await linesOf("who-owns", "10.244.1.0/24"), [
    "cnitap: 10.244.1.0/24 is a network, not an address. List the operations that were given its addresses with `cnitap ls ip=10.244.1.0/24`.",
    2,
  ])
  assert.deepEqual(await linesOf("show", "ffffffffffff"), [
    "cnitap: no pod, operation or container ffffffffffff in DIR. List operations with `cnitap ls`.",
    6,
  ])
  assert.deepEqual(await linesOf("diff", "node/n9", "web-1"), [
    "cnitap: no operation of node n9 in DIR. The NODE column of `cnitap ls -o wide` lists nodes.",
    6,
  ])
  assert.deepEqual(await linesOf("diff", "/nonexistent", node.capture), [
    "cnitap: /nonexistent does not exist. Install the relay with `cnitap install`, or pass another directory with --capture.",
    3,
  ])
  assert.deepEqual(await linesOf("ps", "-w"), [
    "cnitap: ps -w needs a terminal. Use `cnitap tail -f -o jsonl` to follow calls in a pipe.",
    2,
  ])
  assert.deepEqual(await linesOf("ls", "-w", "-o", "json"), [
    "cnitap: `-o json`, yaml and jsonpath cannot follow a capture. Use -o jsonl.",
    2,
  ])
  assert.deepEqual(await linesOf("lint", "/nonexistent/10-x.conflist"), [
    "cnitap: /nonexistent/10-x.conflist does not exist. Name an existing configuration file or directory, or pass a filter with --filter.",
    3,
  ])
  assert.deepEqual(await linesOf("lint", "/nonexistent/10-x.conflist", "--pod", "web-1"), [
    "cnitap: flags that select calls cannot be combined with files. Leave the flags out, or the files.",
    2,
  ])
  assert.deepEqual(await linesOf("help", "filtr"), ["cnitap: no verb or topic is named filtr. Did you mean filter?", 2])
})

test("a closed pipe ends the program silently", async () => {
  const pipe = spawn(
    "bash",
    ["-c", `'${process.execPath}' '${PROGRAM}' help rules | head -1; echo "\${PIPESTATUS[0]}"`],
    { stdio: "pipe" },
  )
  assert.deepEqual(await ended(pipe), { stdout: "Rules for recorded calls:\n0\n", stderr: "", code: 0 })
})

test("a full disk is reported in one line", async () => {
  const line = `'${process.execPath}' '${PROGRAM}' help rules > /dev/full`
  assert.deepEqual(await ended(spawn("sh", ["-c", line], { stdio: "pipe" })), {
    stdout: "",
    stderr: "cnitap: cannot write: no space left. Free some space, or write somewhere else.\n",
    code: 4,
  })
})

/** Root may read everything; the user nobody may not. */
function asNobody(program: string, args: string[]): Promise<Ran> {
  return ended(
    spawn(
      "sh",
      [
        "-c",
        `chmod -R a+rX "$(dirname "$0")" && exec setpriv --reuid=65534 --regid=65534 --clear-groups '${process.execPath}' "$0" "$@"`,
        program,
        ...args,
      ],
      { stdio: "pipe" },
    ),
  )
}

function ended(child: ReturnType<typeof spawn>): Promise<Ran> {
  const ran: Ran = { stdout: "", stderr: "", code: null }
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    ran.stdout += text
  })
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    ran.stderr += text
  })
  child.stdin?.end()
  return new Promise((resolve) => child.on("close", (code) => resolve({ ...ran, code })))
}
