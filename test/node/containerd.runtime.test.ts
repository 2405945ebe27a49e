import assert from "node:assert/strict"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { networkInterfaces, tmpdir } from "node:os"
import { join } from "node:path"
import { Fault } from "../../src/fault/fault.ts"
import { CriError } from "./cri.ts"
import { type NodeOptions, type PrivateNode, startNode, withNode } from "./private-node.ts"
import { mountNamespaceOf } from "./processes.ts"
import { CONTAINERDS, testOn } from "./runtimes.ts"

const test = testOn(CONTAINERDS)

const IPAM = { type: "host-local", ranges: [[{ subnet: "10.88.0.0/24" }]] }
const BRIDGE = { type: "bridge", bridge: "cnitap-test", isGateway: true, ipam: IPAM }

function wish(...plugins: object[]): NodeOptions {
  const list = JSON.stringify({ cniVersion: "1.0.0", name: "demo", plugins })
  return { plugins: ["bridge", "host-local", "loopback"], conf: { "10-demo.conflist": list } }
}

const run = ({ cri, cgroupParent }: PrivateNode) =>
  cri.runPodSandbox({ namespace: "default", name: "web-0", uid: "1", cgroupParent })

test("two nodes with the same subnet and bridge name do not conflict, and leave nothing behind", async ({
  version,
}) => {
  const one = async (node: PrivateNode) => {
    const id = await run(node)
    const { name, isReady, ips } = await node.cri.podSandboxStatus(id)
    assert.deepEqual({ name, isReady, ips }, { name: "web-0", isReady: true, ips: ["10.88.0.2"] })
    assert.equal(Object.keys(networkInterfaces()).includes("cnitap-test"), false)
    const trace = traceOf(node)
    assert.deepEqual(trace(), { root: true, processes: true, cgroups: true })
    return trace
  }
  const traces = await Promise.all([withNode(version, wish(BRIDGE), one), withNode(version, wish(BRIDGE), one)])
  for (const trace of traces) assert.deepEqual(trace(), { root: false, processes: false, cgroups: false })
})

test("a pod whose DEL fails does not outlive its node", async ({ version }) => {
  const trace = await withNode(version, wish(BRIDGE), async (node) => {
    const id = await run(node)
    // Without its plugin the DEL fails, and so does StopPodSandbox; the sandbox remains.
    rmSync(join(node.binDir, "bridge"))
    await assert.rejects(node.cri.stopPodSandbox(id), /failed to find plugin "bridge"/)
    assert.deepEqual(await node.cri.listPodSandbox(), [id])
    return traceOf(node)
  })
  assert.deepEqual(trace(), { root: false, processes: false, cgroups: false })
})

test("an error of the runtime is a CriError with its message", async ({ version }) => {
  await withNode(version, { plugins: [], conf: { "10-broken.conflist": '{"name":"x"' } }, async ({ cri }) => {
    const { name, version: number } = await cri.version()
    assert.equal(`${name} ${number.replace(/^v/, "").split(".")[0]}`, version.name)
    const network = (await cri.status()).find(({ type }) => type === "NetworkReady")
    assert.equal(network?.status, false)
    assert.match(network.message, /cni plugin not initialized/)
    const error: unknown = await cri.podSandboxStatus("nobody").catch((reason) => reason)
    assert.ok(error instanceof CriError)
    assert.deepEqual([error.code, error.message.startsWith("PodSandboxStatus: ")], [5, true])
  })
})

test("a node is not started if one of its plugins is missing", async ({ version, t }) => {
  const temporary = mkdtempSync(join(tmpdir(), "cnitap-"))
  const before = process.env.TMPDIR
  t.after(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(temporary, { recursive: true })
  })
  process.env.TMPDIR = temporary
  const error: unknown = await startNode(version, { plugins: ["no-such-plugin"], conf: {} }).catch((reason) => reason)
  assert.ok(error instanceof Fault)
  assert.equal(error.code, "NOT_FOUND")
  assert.match(error.message, /^the CNI plugin no-such-plugin is in none of /)
  assert.deepEqual(readdirSync(temporary), [])
})

/** What a node has left behind, read at each call. */
function traceOf({ root, pid, cgroupParent }: PrivateNode) {
  const namespace = mountNamespaceOf(pid)
  const pids = readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name))
  // The kernel gives the number of a namespace that is gone to the next one, which may be that of another test.
  const own = pids.filter((name) => mountNamespaceOf(Number(name)) === namespace).map((name) => [name, startOf(name)])
  const hierarchies = ["", ...readdirSync("/sys/fs/cgroup")].map((name) => join("/sys/fs/cgroup", name, cgroupParent))
  return () => ({
    root: existsSync(root),
    processes: own.some(([name = "", start]) => start !== undefined && startOf(name) === start),
    cgroups: hierarchies.some(existsSync),
  })
}

/** When the process was started, in clock ticks; undefined if it has ended. */
function startOf(pid: string): string | undefined {
  try {
    // proc(5): the 22nd field; the name of the program before the third may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19]
  } catch {
    return undefined
  }
}
