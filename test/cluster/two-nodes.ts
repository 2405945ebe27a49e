import type { TestContext } from "node:test"
import { Node } from "../install/node.ts"
import { FakeCluster } from "./fake-cluster.ts"

/** A cluster of two nodes with plugins and a list each, and without a recorder. */
export function twoNodes(t: TestContext): { cluster: FakeCluster; nodes: Node[] } {
  const cluster = new FakeCluster()
  const nodes = ["node-1", "node-2"].map((name) => {
    const node = new Node()
    // In a mounted root a plugin cannot be run under another argv[0], where the double looks for its steps.
    for (const plugin of ["bridge", "host-local"]) {
      node.plugin(plugin)
      node.delete(`${node.binDir}/${plugin}.json`)
    }
    node.list("10-pods.conflist", [{ type: "bridge", ipam: { type: "host-local" } }])
    cluster.state.nodes[name] = { root: node.root }
    return node
  })
  t.after(async () => {
    for (const state of Object.values(cluster.state.nodes)) delete state.execError
    delete cluster.state.forbidden
    await cluster.cnitap(["uninstall"])
    for (const node of nodes) node.remove()
    cluster.remove()
  })
  return { cluster, nodes }
}
