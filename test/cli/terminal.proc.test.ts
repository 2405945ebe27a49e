import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { makeNode, type Node } from "../web/recording.ts"
import { cnitap, programDirectory } from "./cnitap.ts"
import { Terminal } from "./terminal.ts"

let node: Node
let bin: ReturnType<typeof programDirectory>

before(() => {
  node = makeNode()
  const pod = (name: string, sandbox = 1) => ({ namespace: "shop", name, sandbox })
  node.operation("ADD", pod("web-7d9f8b6c5-2xkqj"))
  node.operation("ADD", pod("orders-0"), { env: { CNITAP_TEST_FULL: "1" } })
  bin = programDirectory()
})
after(() => {
  node.remove()
  bin.remove()
})

async function terminal(
  options: { columns?: number; rows?: number; env?: Record<string, string> } = {},
): Promise<Terminal> {
  const env = { PATH: `${bin.path}:${process.env.PATH}`, CNITAP_CAPTURE: node.capture, PS1: "% ", ...options.env }
  const shell = new Terminal("PS1='% ' exec bash --norc --noprofile", { ...options, env })
  await shell.until(/^%$/m)
  return shell
}

test("narrow terminal: the newest operation first, the last column below the others, nothing is cut", {
  timeout: 60_000,
}, async (t) => {
  const shell = await terminal({ columns: 80 })
  t.after(() => shell.close())
  shell.type("cnitap ls; echo do''ne", "Enter")
  const lines = (await shell.until(/^done$/m)).split("\n").slice(1, -2)
  assert.deepEqual(
    lines.map((line) =>
      line
        .replace(/\b[0-9a-f]{16}\b/, "ID")
        .replace(/\d+(\.\d+)?(s|ms)\b/g, "T")
        .replace(/(?<=\S) {2,}/g, "  "),
    ),
    [
      "ID  AGE  COMMAND  POD  DURATION  OUTCOME",
      "    PLUGINS",
      "ID  T  ADD  shop/orders-0  T  failed",
      "    bridge! T (host-local! T)",
      "ID  T  ADD  shop/web-7d9f8b6c5-2xkqj  T  ok",
      "    bridge T (host-local T), portmap T, bandwidth T",
    ],
  )
  assert.equal(
    lines.every((line) => line.length <= 80),
    true,
  )
})

test("explain wraps its lines at spaces", { timeout: 60_000 }, async (t) => {
  const shell = await terminal({ columns: 60, rows: 40 })
  t.after(() => shell.close())
  shell.type("cnitap explain orders-0; echo do''ne", "Enter")
  const screen = await shell.until(/^done$/m)
  assert.match(
    screen,
    /^ {2}first failure {2}host-local, called by bridge: failed to\n {17}allocate for range 0: no IP addresses$/m,
  )
})

test("colour on a terminal, none with NO_COLOR, none in a pipe; the words are the same", {
  timeout: 60_000,
}, async (t) => {
  const shell = await terminal({ columns: 160 })
  t.after(() => shell.close())
  shell.type("cnitap ls --no-headers --failed; echo do''ne", "Enter")
  await shell.until(/^done$/m)
  assert.equal(shell.screen(true).includes("\u001b[31mfailed\u001b[39m"), true)
  shell.type("clear; NO_COLOR=1 cnitap ls --no-headers --failed; echo ag''ain", "Enter")
  await shell.until(/^again$/m)
  assert.equal(shell.screen(true).includes("\u001b[31m"), false)
  const { stdout } = await cnitap(["ls", "--failed"], { env: { CNITAP_CAPTURE: node.capture } })
  assert.equal(stdout.includes("\u001b"), false)
})

test("long output is paged; q leaves the pager, and the exit status is the one of the verb", {
  timeout: 60_000,
}, async (t) => {
  const shell = await terminal({ columns: 80, rows: 5 })
  t.after(() => shell.close())
  shell.type("cnitap diff orders-0 web-7; echo status $?", "Enter")
  await shell.until(/^:$/m)
  shell.type("q")
  await shell.until(/^status 1$/m)
  shell.type("clear; CNITAP_PAGER= cnitap diff orders-0 web-7; echo status $?", "Enter")
  await shell.until(/^status 1$/m)
  shell.type("clear; cnitap diff orders-0 web-7 --no-pager; echo status $?", "Enter")
  await shell.until(/^status 1$/m)
  shell.type("clear; PAGER='head -1' cnitap ls; echo status $?", "Enter")
  await shell.until(/^status 0$/m)
})

test("ls -w, ps -w and tail -f run until Ctrl-C and exit with 0; other verbs are interrupted", {
  timeout: 90_000,
}, async (t) => {
  const shell = await terminal({ columns: 160, rows: 30 })
  t.after(() => shell.close())
  for (const [index, verb] of ["ls -w", "tail -f"].entries()) {
    shell.type(`clear; cnitap ${verb}; echo status $?`, "Enter")
    await shell.until(/orders-0/)
    node.operation("ADD", { namespace: "shop", name: `late-${index}`, sandbox: 1 })
    await shell.until(new RegExp(`shop/late-${index} .*bandwidth`))
    shell.type("C-c")
    await shell.until(/status 0$/m)
  }
  const hanging = node.begin("sleeper", "ADD", { namespace: "shop", name: "stuck-0", sandbox: 1 })
  shell.type("clear; cnitap ps -w; echo status $?", "Enter")
  await shell.until(/sleeper {2,}shop\/stuck-0/)
  hanging.kill("SIGKILL")
  await shell.until(/no call in flight/)
  shell.type("C-c")
  await shell.until(/status 0$/m)
  shell.type("clear; echo wai''ting; sleep 60 | cnitap decode", "Enter")
  await shell.until(/^waiting$/m)
  shell.type("C-c")
  shell.type("echo sta''tus $?", "Enter")
  await shell.until(/status 130$/m)
})

test("control characters in pod names and plugin output do not reach the terminal", { timeout: 60_000 }, async (t) => {
  node.operation("ADD", { namespace: "shop", name: "evil-\u001b[2J\u0007", sandbox: 1 }, { list: ["hostile"] })
  const shell = await terminal({ columns: 160, rows: 60 })
  t.after(() => shell.close())
  shell.type("CNITAP_PAGER= cnitap explain evil; echo do''ne", "Enter")
  const screen = await shell.until(/^done$/m)
  assert.match(screen, /shop\/evil-\\x1b\[2J\\x07 failed/)
})

test("lint prints findings that are alike as one line with their count", { timeout: 60_000 }, async (t) => {
  for (let pod = 0; pod < 6; pod++)
    node.operation("ADD", { namespace: "full", name: `db-${pod}`, sandbox: 1 }, { env: { CNITAP_TEST_FULL: "1" } })
  const shell = await terminal({ columns: 200, rows: 40 })
  t.after(() => shell.close())
  shell.type("clear; CNITAP_PAGER= cnitap lint -n full; echo do''ne", "Enter")
  const lines = (await shell.until(/^done$/m)).split("\n").map((line) =>
    line
      .replace(/\b[0-9a-f]{16}\b/, "ID")
      .replace(/\d+ operations/, "N operations")
      .replace(/\b\d+s\b/, "AGE")
      .replace(/(?<=\S) {2,}/g, "  ")
      .trim(),
  )
  const what = "stderr of a failed call is discarded by the runtime: 97 bytes of stderr"
  assert.deepEqual(lines.slice(0, lines.indexOf("done")), [
    "SEVERITY  RULE  TIMES  LAST  PLUGIN  COMMAND  POD  WHERE  WHAT",
    `note  stderr-discarded  6  AGE  bridge  ADD  6 pods  ID:stderr:0  ${what}`,
    `note  stderr-discarded  6  AGE  host-local  ADD  6 pods  ID:stderr:0  ${what}`,
    "cnitap: 12 notes in N operations; -o wide shows remedies",
  ])
  const { stdout } = await cnitap(["lint", "-n", "full", "-o", "json"], { env: { CNITAP_CAPTURE: node.capture } })
  const { items } = JSON.parse(stdout)
  assert.deepEqual(
    items.map(({ count, podCount, calls }: { count: number; podCount: number; calls: string[] }) => [
      count,
      podCount,
      calls.length,
    ]),
    [
      [6, 6, 6],
      [6, 6, 6],
    ],
  )
})
