import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { cnitap, PROGRAM } from "./cnitap.ts"
import { writeCalls } from "./written-capture.ts"

const START_MS = Date.UTC(2026, 2, 1, 6)
const RESULT = { cniVersion: "1.0.0", ips: [{ address: "10.1.0.5/24" }] }

let capture: string

before(() => {
  capture = mkdtempSync(join(tmpdir(), "cnitap-listing-"))
  const portmap = { cniVersion: "1.0.0", name: "pods", type: "portmap", prevResult: RESULT }
  writeCalls(capture, [
    { id: "0a".repeat(8), pod: "web-1", wallMs: START_MS, durationMs: 30, stdout: RESULT },
    {
      id: "0b".repeat(8),
      pod: "web-1",
      plugin: "portmap",
      wallMs: START_MS + 40,
      error: "no iptables",
      stdin: portmap,
    },
    { id: "0c".repeat(8), pod: "web-2", wallMs: START_MS + 1000, durationMs: 20, stderr: "one\ntwo\n" },
    { id: "0d".repeat(8), pod: "web-1", command: "DEL", wallMs: START_MS + 2000, durationMs: 5 },
    { id: "d0".repeat(8), pod: "web-3", wallMs: START_MS + 3000, durationMs: 10, envNames: ["PATH", "HTTPS_PROXY"] },
  ])
})
after(() => rmSync(capture, { recursive: true, force: true }))

test("ls --brief has no environment and no streams in JSON", async () => {
  const { stdout } = await run("ls", "--brief", "--last", "1", "-o", "json")
  const [{ calls, ...operation }] = JSON.parse(stdout).items
  assert.deepEqual(
    [operation.summaries, calls[0].call.plugin, calls[0].call.env, calls[0].call.stdin, calls[0].call.stdout],
    [undefined, "bridge", {}, undefined, undefined],
  )
})

const run = (...args: string[]) => cnitap(args, { env: { CNITAP_CAPTURE: capture } })

/** The first two digits of what is listed. */
async function ids(...args: string[]): Promise<string> {
  const { stdout } = await run("ls", "-o", "jsonpath={.items[*].id}", ...args)
  return stdout.replace(/\b(\w\w)\w+/g, "$1")
}

test("ls in a pipe has the order in which operations started; --last and --sort-by", async () => {
  assert.equal(await ids(), "0a 0c 0d d0")
  assert.equal(await ids("--last", "2"), "0d d0")
  assert.equal(await ids("--last", "0"), "")
  assert.equal(await ids("--sort-by", "duration"), "0a 0c d0 0d")
  assert.equal(await ids("--sort-by", "time", "--last", "3"), "d0 0d 0c")
  assert.equal(await ids("--sort-by", "pod"), "0d 0a 0c d0")
  assert.deepEqual(await run("ls", "--sort-by", "size"), {
    stdout: "",
    stderr: "cnitap: unknown sort key size. Use one of time, duration, pod, command, outcome, network, node.\n",
    code: 2,
  })
})

test("-o custom-columns, as in kubectl", async () => {
  const columns = "custom-columns=ID:.id,POD:{.pod.name},PLUGINS:calls[*].call.plugin,NONE:.nothing"
  assert.deepEqual(await run("ls", "--pod", "web-1", "-o", columns), {
    stdout: [
      `ID                 POD     PLUGINS          NONE`,
      `${"0a".repeat(8)}   web-1   bridge,portmap   <none>`,
      `${"0d".repeat(8)}   web-1   bridge           <none>`,
      "",
    ].join("\n"),
    stderr: "",
    code: 0,
  })
  assert.equal(
    (await run("ls", "--no-headers", "--pod", "web-2", "-o", "custom-columns=P:.pod.name")).stdout,
    "web-2\n",
  )
  assert.equal((await run("show", "d0d0", "-o", "custom-columns=POD:.pod.name")).stdout, "POD\nweb-3\n")
  assert.deepEqual(await run("ls", "-o", "custom-columns=ID"), {
    stdout: "",
    stderr:
      "cnitap: custom-columns: ID is not HEADING:PATH. Write it as kubectl does: custom-columns=ID:.id,POD:.pod.name.\n",
    code: 2,
  })
})

test("--color and the environment decide about colours; the flag comes first", async () => {
  const isColoured = async (env: NodeJS.ProcessEnv, ...flags: string[]) => {
    const { stdout, stderr } = await cnitap(["ls", ...flags], { env: { CNITAP_CAPTURE: capture, ...env } })
    assert.equal(stderr, "")
    return stdout.includes("\u001b[")
  }
  assert.equal(await isColoured({}), false)
  assert.equal(await isColoured({}, "--color", "always"), true)
  assert.equal(await isColoured({ NO_COLOR: "1" }, "--color=always"), true)
  assert.equal(await isColoured({ FORCE_COLOR: "1" }), true)
  assert.equal(await isColoured({ CLICOLOR_FORCE: "1" }), true)
  assert.equal(await isColoured({ FORCE_COLOR: "0" }), false)
  assert.equal(await isColoured({ FORCE_COLOR: "1", NO_COLOR: "1" }), false)
  assert.equal(await isColoured({ FORCE_COLOR: "1" }, "--color", "never"), false)
  assert.deepEqual(await run("ls", "--color", "blue"), {
    stdout: "",
    stderr: "cnitap: --color must be auto, always, never. Write --color never.\n",
    code: 2,
  })
})

test("show of a pod: its latest operation that failed, the failing call first, what it got from bridge not repeated", async () => {
  const { stdout, stderr, code } = await run("show", "shop/web-1")
  assert.equal(
    stderr,
    "cnitap: the latest that did not succeed of 2 operations of shop/web-1; all: cnitap ls --pod shop/web-1\n",
  )
  assert.equal(code, 0)
  const lines = stdout.split("\n")
  assert.deepEqual(
    lines.filter((line) => line.startsWith("──")).map((line) => line.split(" ")[1]),
    ["portmap", "bridge"],
  )
  assert.deepEqual(
    lines.filter((line) => /prevResult|10\.1\.0\.5|whose values/.test(line)).map((line) => line.trim()),
    [
      "and 1 whose values are not recorded (-o wide names them)",
      '"prevResult": (as bridge returned it)',
      "and 1 whose values are not recorded (-o wide names them)",
      '"address": "10.1.0.5/24"',
    ],
  )
  const wide = await run("show", "shop/web-1", "-o", "wide")
  assert.equal(wide.stdout.match(/10\.1\.0\.5/g)?.length, 2)
  assert.match(wide.stdout, /and, values not recorded: PATH$/m)
})

test("show --brief: facts, the tree of calls and the error", async () => {
  const { stdout } = await run("show", "0a0a", "--brief")
  assert.deepEqual(stdout.trimEnd().split("\n").slice(-4), [
    `├─ bridge  30.0ms  exit 0  ${"0a".repeat(8)}`,
    `└─ portmap  10.0ms  exit 1  ${"0b".repeat(8)}`,
    "",
    "portmap: no iptables",
  ])
})

test("show --stdin, --stdout, --stderr: the bytes of one call", async () => {
  assert.equal((await run("show", "web-1", "--stdout")).stdout, '{"code":11,"msg":"no iptables"}')
  assert.equal((await run("show", "0a0a", "--stdout")).stdout, '{"code":11,"msg":"no iptables"}')
  assert.equal((await run("show", "call/0a0a", "--stdout")).stdout, JSON.stringify(RESULT))
  assert.equal(JSON.parse((await run("show", "0b0b", "--stdin")).stdout).type, "portmap")
  assert.deepEqual(await run("show", "web-2", "--stderr"), { stdout: "one\ntwo\n", stderr: "", code: 0 })
  assert.deepEqual(await run("show", "web-2", "--stderr", "--stdin"), {
    stdout: "",
    stderr: "cnitap: --stdin cannot be combined with --stderr. Write one after the other.\n",
    code: 2,
  })
})

test("a name that several things begin with: every verb lists them", async () => {
  for (const verb of ["show", "explain", "diff"])
    assert.deepEqual(await run(verb, "0"), {
      stdout: "",
      stderr: `cnitap: 0 matches several IDs (${["0a", "0b", "0c", "0d"].map((id) => id.repeat(8)).join(", ")}). Give more of it.\n`,
      code: 2,
    })
  assert.deepEqual(await run("show", "web"), {
    stdout: "",
    stderr: "cnitap: web matches several pods (shop/web-1, shop/web-2, shop/web-3). Write NAMESPACE/NAME in full.\n",
    code: 2,
  })
})

test("stats --errors: failed operations by message", async () => {
  const { stdout, stderr, code } = await run("stats", "--errors", "-o", "json")
  assert.deepEqual([stderr, code], ["", 0])
  assert.deepEqual(JSON.parse(stdout), {
    apiVersion: "cnitap/v1",
    kind: "ErrorGroupList",
    items: [
      {
        apiVersion: "cnitap/v1",
        kind: "ErrorGroup",
        message: "no iptables",
        count: 1,
        firstMs: START_MS,
        lastMs: START_MS,
        operation: "0a".repeat(8),
        plugins: ["portmap"],
        commands: ["ADD"],
        pods: 1,
        firstAt: "2026-03-01T06:00:00.000Z",
        lastAt: "2026-03-01T06:00:00.000Z",
      },
    ],
  })
  const table = await run("stats", "--errors")
  assert.deepEqual(
    table.stdout.split("\n").map((line) =>
      line
        .trim()
        .replace(/ {2,}/g, "  ")
        .replace(/\b\d+d\b/g, "AGE"),
    ),
    ["COUNT  FIRST  LAST  PODS  PLUGINS  MESSAGE", "1  AGE  AGE  1  portmap  no iptables", ""],
  )
  assert.deepEqual(await run("stats", "--errors", "--pod", "web-2"), {
    stdout: "",
    stderr: "no failed operation found\n",
    code: 0,
  })
})

test("tail --last 0 -f lists nothing that was there before, not even a call that was killed", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-tail-"))
  t.after(() => rmSync(directory, { recursive: true }))
  const wallMs = Date.now() - 1000
  writeCalls(directory, [{ id: "01".repeat(8), node: hostname(), pod: "old-1", wallMs, isOpen: true }])
  const args = [PROGRAM, "tail", "--last", "0", "-f", "-o", "name", "--capture", directory]
  const tail = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
  t.after(() => tail.kill("SIGKILL"))
  let listed = ""
  tail.stdout.setEncoding("utf8").on("data", (text) => {
    listed += text
  })
  // Written again and again until it follows the capture: what it printed first is what counts.
  for (let at = 2; !listed.includes("\n"); at++) {
    writeCalls(directory, [{ id: `1${at % 10}`.repeat(8), node: hostname(), pod: `new-${at}`, wallMs: Date.now() }])
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  assert.equal(listed.includes("01".repeat(8)), false)
  assert.match(listed, /^call\/1\d/)
})

test("Podman sends the name of a container as that of a pod, without a namespace: it is shown and found", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-listing-"))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const args = "IgnoreUnknown=1;K8S_POD_NAME=db"
  writeCalls(directory, [
    { id: "1a".repeat(8), pod: "db", args, parentName: "podman", wallMs: START_MS, error: "no iptables" },
    { id: "1b".repeat(8), pod: "web-1", wallMs: START_MS + 1000 },
  ])
  const podman = (...words: string[]) => cnitap(words, { env: { CNITAP_CAPTURE: directory } })
  const listed = async (...words: string[]) => {
    const { stdout } = await podman("ls", "--no-headers", "-o", "custom-columns=ID:.id,POD:.pod", ...words)
    return stdout.split("\n").map((line) => line.replace(/^(..)\w+ +/, "$1 "))
  }
  const [db, web] = ['1a {"name":"db"}', '1b {"namespace":"shop","name":"web-1"}']
  for (const index of ["built", "read"]) {
    assert.deepEqual(await listed(), [db, web, ""], index)
    assert.deepEqual(await listed("--pod", "db"), [db, ""], index)
    assert.deepEqual(await listed("pod=db or pod=shop/web-1"), [db, web, ""], index)
    assert.deepEqual(await listed("-n", "shop"), [web, ""], index)
  }
  assert.match((await podman("ls")).stdout, / ADD +db +/)
  for (const name of ["db", "pod/db"])
    assert.match((await podman("explain", name)).stdout, /^ADD db failed /, `explain ${name}`)
  assert.equal((await podman("explain", "shop/db")).code, 6)
})
