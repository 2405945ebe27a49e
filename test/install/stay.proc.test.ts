import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { type TestContext, test } from "node:test"
import { PROGRAM } from "../cli/cnitap.ts"
import { callBridge } from "./call-bridge.ts"
import { cnitap } from "./cli.ts"
import { Node } from "./node.ts"

const CAPTURE = "/opt/cni/bin/.cnitap/capture"

for (const signal of ["SIGTERM", "SIGINT"] as const)
  test(`install --stay records until ${signal}, and leaves no trace`, async (t) => {
    const node = plainNode(t)
    const before = await node.tree()
    const staying = stay(node, "--for", "2h", "--purge")
    assert.match(await staying.line(), /^installed: mode swap, bridge, host-local$/)
    callBridge(node)
    const { stdout } = await cnitap(
      "ls",
      "--root",
      node.root,
      "--capture",
      CAPTURE,
      "-o",
      "jsonpath={.items[*].command}",
    )
    assert.equal(stdout, "ADD")
    staying.child.kill(signal)
    const { code, lines } = await staying.end()
    assert.deepEqual([code, lines.slice(-2)], [0, ["uninstalled from /opt/cni/bin", "nothing is installed any more"]])
    assert.deepEqual(await node.tree(), before)
  })

test("install --stay ends when its time is over", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  const { code, lines } = await stay(node, "--for", "3s", "--purge").end()
  assert.deepEqual(
    [code, lines.slice(-2)],
    [0, ["the install in /opt/cni/bin has expired; its files are restored", "nothing is installed any more"]],
  )
  assert.deepEqual(await node.tree(), before)
})

test("install --stay ends after an uninstall by another process, and keeps the capture without --purge", async (t) => {
  const node = plainNode(t)
  const staying = stay(node)
  assert.match(await staying.line(), /^installed: /)
  callBridge(node)
  assert.equal((await cnitap("uninstall", "--root", node.root)).code, 0)
  assert.equal((await staying.end()).code, 0)
  assert.equal(node.names(CAPTURE).length, 1)
})

test("install --stay of a node that refuses changes nothing and ends at once", async (t) => {
  const node = plainNode(t)
  node.delete("/etc/cni/net.d/10-pods.conflist")
  const before = await node.tree()
  assert.equal((await stay(node, "--purge").end()).code, 5)
  assert.deepEqual(await node.tree(), before)
  const mistaken = await cnitap("install", "--root", node.root, "--purge")
  assert.deepEqual(
    [mistaken.stderr, mistaken.code],
    [
      `cnitap: --purge requires --stay. Leave it out, or use \`cnitap uninstall --root ${node.root} --purge\` later.\n`,
      2,
    ],
  )
})

function plainNode(t: TestContext): Node {
  const node = new Node()
  t.after(() => node.remove())
  // In a mounted root a plugin cannot be run under another argv[0], where the double looks for its steps.
  for (const name of ["bridge", "host-local"]) node.delete(`${node.binDir}/${node.plugin(name).split("/").at(-1)}.json`)
  node.list("10-pods.conflist", [{ type: "bridge", ipam: { type: "host-local" } }])
  return node
}

/** The real program, in the foreground as in a pod. */
function stay(node: Node, ...args: string[]) {
  const all = ["install", "--root", node.root, "--capture", CAPTURE, "--stay", ...args]
  const child = spawn(process.execPath, [PROGRAM, ...all], { stdio: ["ignore", "pipe", "inherit"] })
  const lines = createInterface(child.stdout)
  const seen: string[] = []
  lines.on("line", (line) => seen.push(line.replace(/^\d{4}-\S+Z /, "")))
  const closed = once(child, "close")
  return {
    child,
    async line(): Promise<string> {
      if (seen.length === 0) await once(lines, "line")
      return seen[0] ?? ""
    },
    async end() {
      const [code] = (await closed) as [number | null]
      return { code, lines: seen }
    },
  }
}
