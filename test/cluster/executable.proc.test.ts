import assert from "node:assert/strict"
import { symlinkSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { run } from "../cli/cnitap.ts"
import { writeCalls } from "../cli/written-capture.ts"
import { FakeCluster } from "./fake-cluster.ts"

test("the node executable, named kubectl-cnitap, answers as the plugin does with Node.js", async (t) => {
  const cluster = new FakeCluster()
  t.after(() => cluster.remove())
  for (const [at, node] of ["node-1", "node-2"].entries()) {
    const capture = join(cluster.addNode(node), "capture")
    writeCalls(capture, [{ id: `${at + 1}`.repeat(16), node, pod: `web-${at}`, wallMs: Date.UTC(2026, 2, 1) }])
    cluster.addRecorder(node)
  }
  cluster.save()
  const executable = join(cluster.directory, "kubectl-cnitap")
  symlinkSync(join(import.meta.dirname, "../../dist/cnitap-linux-amd64"), executable)
  for (const args of [
    ["ls"],
    ["tail"],
    ["ledger"],
    ["show", "web-1"],
    ["stats"],
    ["lint"],
    ["diff", "web-0", "web-1"],
    ["export", "jsonl"],
  ])
    assert.deepEqual(await run(executable, args, { env: cluster.env() }), await cluster.cnitap(args), args.join(" "))
})
