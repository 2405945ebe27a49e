import assert from "node:assert/strict"
import { test } from "node:test"
import { makeNode, type Node } from "../web/recording.ts"
import { cnitap } from "./cnitap.ts"

/** One run of the same scenario: other pods, addresses, ids, times and directories than the last. */
function recorded(names: string[], list = ["bridge", "portmap", "bandwidth"]): Node {
  const node = makeNode()
  for (const [index, name] of names.entries()) {
    const pod = { namespace: "shop", name, sandbox: index }
    node.operation("ADD", pod, { list })
    node.operation("DEL", pod, { list })
  }
  return node
}

test("a golden capture does not differ from a second run, but does from one with another list", {
  timeout: 60_000,
}, async (t) => {
  const [golden, again, changed] = [
    recorded(["web-1", "web-2"]),
    recorded(["db-0"]),
    recorded(["web-1"], ["bridge", "portmap"]),
  ]
  for (const node of [golden, again, changed]) t.after(() => node.remove())
  const diff = (other: Node) =>
    cnitap(["diff", golden.capture, other.capture], { env: { CNITAP_CAPTURE: "/nonexistent" } })
  assert.deepEqual(await diff(again), {
    stdout: `no difference between ${golden.capture} (4 operations) and ${again.capture} (2)\n`,
    stderr: "",
    code: 0,
  })
  const { stdout, code } = await diff(changed)
  assert.deepEqual([stdout.match(/bandwidth {2}called only by a/g)?.length, code], [2, 1])
})
