import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { makeNode, type Node } from "../web/recording.ts"
import { cnitap, programDirectory, run } from "./cnitap.ts"
import { Terminal } from "./terminal.ts"

let node: Node
let bin: ReturnType<typeof programDirectory>
let env: Record<string, string>

before(() => {
  node = makeNode()
  node.operation("ADD", { namespace: "shop", name: "web-1", sandbox: 1 })
  node.operation("ADD", { namespace: "shop", name: "$(touch owned)", sandbox: 1 })
  bin = programDirectory()
  env = { PATH: `${bin.path}:${process.env.PATH}`, CNITAP_CAPTURE: node.capture, HOME: node.root }
})
after(() => {
  node.remove()
  bin.remove()
})

/** What Tab makes of a line in a shell. */
async function completed(shell: Terminal, line: string, becomes: string): Promise<void> {
  shell.type("C-u")
  shell.type("-l", line)
  shell.type("Tab")
  await shell.until(new RegExp(`^% ${becomes.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`, "m"))
}

const LINES: [string, string][] = [
  ["cnitap expl", "cnitap explain"],
  ["cnitap ls --slow", "cnitap ls --slower-than"],
  ["cnitap ls --plugin por", "cnitap ls --plugin portmap"],
  ["cnitap ls --output=y", "cnitap ls --output=yaml"],
  ["cnitap ls -o=y", "cnitap ls -o=yaml"],
  ["cnitap ls --command ADD,D", "cnitap ls --command ADD,DEL"],
  ["cnitap ls --pod we", "cnitap ls --pod web-1"],
  ["cnitap plan --mode c", "cnitap plan --mode chain"],
  ["cnitap explain sh", "cnitap explain shop/web-1"],
  ["cnitap explain we", "cnitap explain web-1"],
  ["cnitap ls -n sh", "cnitap ls -n shop"],
  ["cnitap ls plugin=host", "cnitap ls plugin=host-local"],
  ["cnitap help exit", "cnitap help exit-codes"],
  ["cnitap lint my-n", "cnitap lint my-net.conflist"],
]

test("bash completes verbs, flags, values of the capture, filters and files", { timeout: 120_000 }, async (t) => {
  writeFileSync(join(node.root, "my-net.conflist"), "")
  const shell = new Terminal(`cd '${node.root}' && exec bash --norc --noprofile`, { env: { ...env, PS1: "% " } })
  t.after(() => shell.close())
  shell.type("PS1='% '; source <(cnitap completion bash); echo re''ady", "Enter")
  await shell.until(/^ready$/m)
  for (const [line, becomes] of LINES) await completed(shell, line, becomes)
  // The quote stays open: a condition does not end with its field.
  await completed(shell, "cnitap ls 'plug", "cnitap ls 'plugin")
})

test("zsh completes the same", { timeout: 120_000 }, async (t) => {
  writeFileSync(join(node.root, "my-net.conflist"), "")
  const shell = new Terminal(`cd '${node.root}' && exec zsh -f`, { env })
  t.after(() => shell.close())
  shell.type(
    "PS1='%% '; autoload -Uz compinit && compinit -u -D; source <(cnitap completion zsh); echo re''ady",
    "Enter",
  )
  await shell.until(/^ready$/m)
  for (const [line, becomes] of LINES) await completed(shell, line, becomes)
})

test("fish completes the same", { timeout: 120_000 }, async () => {
  writeFileSync(join(node.root, "my-net.conflist"), "")
  const { stdout: script } = await cnitap(["completion", "fish"])
  writeFileSync(join(node.root, "cnitap.fish"), script)
  for (const [line, becomes] of LINES) {
    const { stdout } = await run("fish", ["--no-config", "-c", `source cnitap.fish; complete -C '${line}'`], {
      env,
      cwd: node.root,
    })
    assert.equal(stdout.split("\n")[0]?.split("\t")[0], becomes.split(" ").at(-1), line)
  }
})

test("a pod name that a shell would execute is not completed", async () => {
  const { stdout } = await cnitap(["__complete", "cnitap explain shop/"], { env })
  assert.equal(stdout, "shop/web-1\tpod\n")
})

test("without a capture verbs and flags are still completed", async () => {
  const { stdout, code } = await cnitap(["__complete", "cnitap ls --plugin "], {
    env: { CNITAP_CAPTURE: "/nonexistent" },
  })
  assert.deepEqual([stdout, code], ["", 0])
  assert.match((await cnitap(["__complete", "cnitap l"], { env: { CNITAP_CAPTURE: "/nonexistent" } })).stdout, /^ls\t/)
})

test("an unknown shell is rejected", async () => {
  assert.deepEqual(await cnitap(["completion", "tcsh"]), {
    stdout: "",
    stderr: "cnitap: unknown shell: tcsh. Use one of bash, zsh, fish: source <(cnitap completion bash).\n",
    code: 2,
  })
})

test("man formats the manual page without warnings, and it has every verb", { timeout: 60_000 }, async () => {
  const { stdout: page } = await cnitap(["help", "--man"])
  const file = join(node.root, "cnitap.8")
  writeFileSync(file, page)
  const { stdout, stderr } = await run("man", ["--warnings", "-l", file], { env: { MANWIDTH: "80" } })
  assert.equal(stderr, "")
  const { stdout: verbs } = await cnitap(["__complete", "cnitap "])
  const missing = verbs
    .split("\n")
    .map((line) => line.split("\t")[0])
    .filter((verb) => verb && !stdout.includes(`cnitap ${verb} `))
  assert.deepEqual(missing, [])
  assert.match(stdout, /EXIT STATUS\n(?:.*\n)* +6 +no +such +pod, +call/)
})
