import assert from "node:assert/strict"
import { once } from "node:events"
import { mkdirSync, readFileSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { type TestContext, test } from "node:test"
import { type WrittenCall, writeCalls } from "../cli/written-capture.ts"
import { FakeCluster } from "./fake-cluster.ts"
import { servedPods } from "./served-pods.ts"

const START_MS = Date.UTC(2026, 2, 1, 6)
const call = (id: string, node: string, pod: string, wallMs: number): WrittenCall => ({
  id: id.repeat(16),
  node,
  pod,
  wallMs,
})

test("serve has one page over all nodes, and what they record then", async (t) => {
  const { cluster, captures } = twoCaptures(t)
  const temporary = join(cluster.directory, "tmp")
  mkdirSync(temporary)
  const serving = cluster.start(["serve", "--listen", "127.0.0.1:0"], { TMPDIR: temporary })
  const closed = once(serving, "close")
  const [line] = (await once(createInterface(serving.stdout), "line")) as [string]
  assert.equal(new URL(line).hostname, "127.0.0.1")
  const pods = servedPods(line)
  assert.deepEqual(await first(pods, 2), ["node-1 web-1", "node-2 web-2"])
  writeCalls(captures[1] ?? "", [call("c", "node-2", "web-3", START_MS + 3_600_000)])
  writeCalls(captures[0] ?? "", [call("d", "node-1", "web-4", START_MS + 3_600_001)])
  assert.deepEqual(await first(pods, 2), ["node-1 web-4", "node-2 web-3"])
  const [copy = ""] = await readdir(temporary)
  const segments = await readdir(join(temporary, copy, "node-1"))
  const own = segments.filter((name) => name.startsWith("calls-"))
  assert.equal(own.length, 2)
  for (const name of own)
    assert.deepEqual(readFileSync(join(temporary, copy, "node-1", name)), readFileSync(join(captures[0] ?? "", name)))
  await pods.return(undefined)
  serving.kill("SIGINT")
  assert.deepEqual(await closed, [0, null])
  assert.deepEqual(await readdir(temporary), [])
})

test("serve names a node that gives no answer, and takes it up again when it does", async (t) => {
  const { cluster } = twoCaptures(t)
  const node = cluster.state.nodes["node-2"]
  if (node) node.execError = "Error from server: error dialing backend: connect: connection refused"
  const serving = cluster.start(["serve", "--listen", "127.0.0.1:0"])
  const closed = once(serving, "close")
  const [[line], [complaint]] = (await Promise.all([
    once(createInterface(serving.stdout), "line"),
    once(createInterface(serving.stderr), "line"),
  ])) as [[string], [string]]
  assert.match(complaint, /^cnitap: no answer from node-2: Error from server: .*connection refused$/)
  const pods = servedPods(line)
  assert.deepEqual(await first(pods, 1), ["node-1 web-1"])
  if (node) delete node.execError
  cluster.save()
  assert.deepEqual(await first(pods, 1), ["node-2 web-2"])
  await pods.return(undefined)
  serving.kill("SIGINT")
  assert.deepEqual(await closed, [7, null])
})

test("serve is for this machine only", async (t) => {
  const { cluster } = twoCaptures(t)
  assert.deepEqual(await cluster.cnitap(["serve", "--listen", "0.0.0.0:0"]), {
    stdout: "",
    stderr:
      "cnitap: 0.0.0.0 is reachable from other machines, and the page of a cluster is for this machine only. Listen on 127.0.0.1, and forward the port with ssh -L.\n",
    code: 5,
  })
})

function twoCaptures(t: TestContext): { cluster: FakeCluster; captures: string[] } {
  const cluster = new FakeCluster()
  t.after(() => cluster.remove())
  const captures = ["node-1", "node-2"].map((node, at) => {
    const capture = join(cluster.addNode(node), "capture")
    writeCalls(capture, [call("ab"[at] ?? "", node, `web-${at + 1}`, START_MS + at)])
    cluster.addRecorder(node)
    return capture
  })
  return { cluster, captures }
}

/** The next of them, each once. */
async function first(pods: AsyncGenerator<string>, count: number): Promise<string[]> {
  const found = new Set<string>()
  while (found.size < count) found.add(String((await pods.next()).value))
  return [...found].sort()
}
