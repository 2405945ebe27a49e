import assert from "node:assert/strict"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { cnitap, type Ran, run } from "../cli/cnitap.ts"
import { writeCalls } from "../cli/written-capture.ts"
import { HEALTHY } from "../doctor/healthy.ts"
import { plant } from "../install/plant.ts"
import { NODE_EXECUTABLE } from "./node-executable.ts"

const EXAMPLE = join(import.meta.dirname, "../../examples/failed-pod.cnitap")
const START_MS = Date.UTC(2026, 2, 1, 6)

/** Command lines that print the same on Node.js and in the node executable; `{root}` is a node with a capture. */
const SAME = `
--version
help
help ls
help filter
help rules
help export
completion bash
__complete "cnitap ls --pl"
ls --from {example}
ls --from {example} -o wide
ls --from {example} -o json
ls --from {example} -o jsonl
ls --from {example} -o yaml
ls --from {example} -o name
ls --from {example} -o jsonpath={.items[*].id}
ls --from {example} -o custom-columns=ID:.id,POD:.pod
ls --from {example} outcome=failed
ls --from {example} ip=10.88.0.0/16
ls --from {example} stderr~a
ls --from {example} "pod=web-2 and"
ls --from {example} --color always
ls --root {root} --capture /capture
ls --root {root} --capture /capture -o json
ls --from /nonexistent
ls --from {root}/opt
ls --bogus
lss
show web-2 --from {example}
show web-2 --from {example} -o json
show web-2 --from {example} -o yaml
show web-2 --from {example} --stdin
show web-2 --from {example} --stderr
show nothing --from {example}
tail --from {example}
tail --from {example} -o jsonl
ps --from {example}
ps --root {root} --capture /capture
explain web-2 --from {example}
explain web-2 --from {example} -o json
explain --root {root} --capture /capture
stats --from {example}
stats --from {example} -o json
stats --root {root} --capture /capture
ledger --from {example}
ledger --from {example} -o json
ledger --root {root} --capture /capture
who-owns 10.88.0.2 --from {example}
who-owns 10.1.0.9 --root {root} --capture /capture -o json
lint --from {example} -o json
lint --root {root} --capture /capture
lint {root}/bad.conflist
lint {root}/etc/cni/net.d
diff web-1 web-2 --from {example}
diff web-0 --from {example} -o json
decode eyJhIjoxfQ==
decode "[123 34 97 34 58 49 125]"
decode
export jsonl --from {example}
export probe-log --from {example}
export chrome-trace --from {example}
export otlp-json --from {example}
export repro 43b23111bbcc1f6f --from {example}
export bogus --from {example}
plan --root {root}
plan --root {root} -o json
plan --root {root} --diff
plan --root /nonexistent
status --root {root}
status --root {root} -o json
doctor --root {root}
doctor --root {root} -o json
doctor --root /nonexistent
uninstall --root {root}
watch --root {root}
`

test("every verb of a node prints the same on Node.js and in the node executable", async (t) => {
  const root = nodeWithCapture(t)
  for (const line of SAME.trim().split("\n")) {
    const args = wordsOf(line.replaceAll("{example}", EXAMPLE).replaceAll("{root}", root))
    const stdin = line === "decode" ? 'result: [123 34 97 34 58 49 125] — \\"é\\"\n' : ""
    const expected = withoutClock(await cnitap(args, { stdin }))
    assert.notEqual(expected.code, 70, `${line}: ${expected.stderr}`)
    // An age may grow between two runs: then, once more.
    const byExecutable = async () => withoutClock(await run(NODE_EXECUTABLE, args, { stdin }))
    if (isSame(await byExecutable(), expected)) continue
    assert.deepEqual(await byExecutable(), withoutClock(await cnitap(args, { stdin })), line)
  }
})

test("a bundle that one exports is read by the other", async (t) => {
  const root = nodeWithCapture(t)
  const exported = ["export", "bundle", "--root", root, "--capture", "/capture", "--out"]
  const [byNode, byExecutable] = [join(root, "node.cnitap"), join(root, "executable.cnitap")]
  const { stdout: expected } = await cnitap(["ls", "-o", "json", "--root", root, "--capture", "/capture"])
  assert.equal((await cnitap([...exported, byNode])).code, 0)
  assert.equal((await run(NODE_EXECUTABLE, [...exported, byExecutable])).code, 0)
  assert.equal((await run(NODE_EXECUTABLE, ["ls", "-o", "json", "--from", byNode])).stdout, expected)
  assert.equal((await cnitap(["ls", "-o", "json", "--from", byExecutable])).stdout, expected)
})

test("the node executable says in one sentence what it does not contain", async () => {
  assert.deepEqual(await run(NODE_EXECUTABLE, ["serve", "--from", EXAMPLE]), {
    stdout: "",
    stderr:
      "cnitap: the node executable cannot serve the web page. Write a bundle with `export bundle`, copy it to a machine with Node.js, and use the npm package there.\n",
    code: 5,
  })
  assert.deepEqual(await run(NODE_EXECUTABLE, ["export", "html", "--from", EXAMPLE]), {
    stdout: "",
    stderr:
      "cnitap: the node executable does not contain the web page. Write a bundle with `export bundle`, copy it to a machine with Node.js, and use the npm package there.\n",
    code: 5,
  })
})

/** A node with plugins, lists and a capture in /capture: one segment of a past hour, calls that failed and hang. */
function nodeWithCapture(t: TestContext): string {
  const root = plant(t, HEALTHY)
  writeCalls(join(root, "capture"), [
    { id: "0a".repeat(8), pod: "web-1", wallMs: START_MS, durationMs: 30 },
    { id: "0b".repeat(8), pod: "web-1", plugin: "portmap", wallMs: START_MS + 40, error: "no iptables: “é”" },
    { id: "0c".repeat(8), pod: "web-2", wallMs: START_MS + 1000, stderr: "a warning\n\u0000\u001b[31m" },
    { id: "0d".repeat(8), pod: "web-3", wallMs: START_MS + 2000, isOpen: true },
    { id: "0e".repeat(8), pod: "web-1", command: "DEL", wallMs: START_MS + 9000, durationMs: 12 },
  ])
  mkdirSync(join(root, "empty"))
  writeFileSync(join(root, "bad.conflist"), '{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"a/b"}]}')
  t.after(() => rmSync(root, { recursive: true, force: true }))
  return root
}

function withoutClock(ran: Ran): Ran {
  return { ...ran, stdout: ran.stdout.replace(/("nowMs": )\d+/, "$1N") }
}

function isSame(one: Ran, other: Ran): boolean {
  return one.stdout === other.stdout && one.stderr === other.stderr && one.code === other.code
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "")
}
