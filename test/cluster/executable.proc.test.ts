import assert from "node:assert/strict"
import { symlinkSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { PROGRAM, run } from "../cli/cnitap.ts"
import { writeCalls } from "../cli/written-capture.ts"
import { FakeCluster } from "./fake-cluster.ts"

const NODE_EXECUTABLE = join(import.meta.dirname, "../../dist/cnitap-linux-amd64")

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
  symlinkSync(NODE_EXECUTABLE, executable)
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

test("what follows a capture ends when the client of kubectl exec is gone, which closes stdin", async (t) => {
  const cluster = new FakeCluster()
  t.after(() => cluster.remove())
  const root = cluster.addNode("node-1")
  writeCalls(join(root, "capture"), [{ id: "a".repeat(16), pod: "web-1", wallMs: Date.UTC(2026, 2, 1) }])
  const options = ["--root", root, "--capture", "/capture", "-o", "name"]
  for (const [file = "", ...args] of [[NODE_EXECUTABLE], [process.execPath, PROGRAM]])
    assert.deepEqual(await run(file, [...args, "__attached", "tail", "-f", "--last", "0", ...options]), {
      stdout: "",
      stderr: "no call found\n",
      code: 0,
    })
})
