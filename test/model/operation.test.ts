import assert from "node:assert/strict"
import { test } from "node:test"
import type { Call } from "../../src/model/call.ts"
import { type CallNode, toOperations } from "../../src/model/operation.ts"
import { call } from "./calls.ts"

/** `ADD web-1: bridge(host-local) portmap`, one line per operation. */
function lines(...calls: Call[]): string[] {
  const tree = ({ call: { id }, children }: CallNode): string =>
    children.length > 0 ? `${id}(${children.map(tree).join(" ")})` : id
  return toOperations(calls).map(
    ({ command, outcome, calls: top }) => `${command} ${outcome}: ${top.map(tree).join(" ")}`,
  )
}

test("calls of a list follow each other, delegates are nested under their parent", () => {
  assert.deepEqual(
    lines(
      call("portmap", { at: 30 }),
      call("host-local", { at: 5, parent: "bridge", durationMs: 2 }),
      call("bridge", { at: 0, durationMs: 20 }),
    ),
    ["ADD ok: bridge(host-local) portmap"],
  )
})

test("a retry of the same command is another operation", () => {
  assert.deepEqual(
    lines(
      call("a1", { plugin: "bridge", exit: { code: 1 } }),
      call("a2", { plugin: "bridge", at: 100 }),
      call("b2", { plugin: "portmap", at: 120 }),
    ),
    ["ADD failed: a1", "ADD ok: a2 b2"],
  )
})

test("a list may name a plugin twice; it is run again where its first one comes again", () => {
  const tuning = (id: string, at: number) => call(id, { plugin: "tuning", at })
  assert.deepEqual(
    lines(
      call("b1", { plugin: "bridge", at: 0 }),
      tuning("t1", 20),
      tuning("t2", 40),
      call("b2", { plugin: "bridge", at: 60 }),
      tuning("t3", 80),
      tuning("t4", 100),
    ),
    ["ADD ok: b1 t1 t2", "ADD ok: b2 t3 t4"],
  )
})

test("DEL runs in the reverse order and again when it is repeated", () => {
  const del = (id: string, plugin: string, at: number) => call(id, { plugin, at, command: "DEL" })
  assert.deepEqual(
    lines(del("p1", "portmap", 0), del("b1", "bridge", 20), del("p2", "portmap", 50), del("b2", "bridge", 70)),
    ["DEL ok: p1 b1", "DEL ok: p2 b2"],
  )
})

test("several networks of one pod that run side by side stay apart", () => {
  assert.deepEqual(
    lines(
      call("lo", { ifname: "lo", network: "loop", at: 0 }),
      call("bridge", { at: 1, durationMs: 30 }),
      call("macvlan", { at: 3, network: "storage", ifname: "eth0", durationMs: 9 }),
      call("portmap", { at: 40 }),
      call("tuning", { at: 41, network: "storage", ifname: "eth0" }),
    ),
    ["ADD ok: lo", "ADD ok: bridge portmap", "ADD ok: macvlan tuning"],
  )
})

test("thick Multus cuts the variable: the container, another process and time identify the parent", () => {
  assert.deepEqual(
    lines(
      call("multus-shim", { durationMs: 100, ppid: 1, ifname: "eth0", network: "multus" }),
      call("calico", { at: 10, durationMs: 40, ppid: 77, parentName: "multus-daemon" }),
      call("calico-ipam", { at: 20, durationMs: 5, ppid: 200, parent: "calico" }),
      call("sriov", { at: 60, durationMs: 30, ppid: 77, ifname: "net1", network: "fast" }),
      call("other-pod", { at: 61, durationMs: 3, ppid: 77, containerId: "beef" }),
    ),
    ["ADD ok: multus-shim(calico(calico-ipam) sriov)", "ADD ok: other-pod"],
  )
})

test("a wall clock that is set back changes neither order, nor grouping, nor the duration", () => {
  const bridge = call("bridge", { at: 0, durationMs: 20 })
  const late = call("portmap", { at: 30, durationMs: 10 })
  const portmap = { ...late, wallMs: late.wallMs - 3_600_000 }
  const [operation, ...more] = toOperations([portmap, bridge])
  assert.deepEqual(
    { calls: operation?.calls.map(({ call: { id } }) => id), durationMs: operation?.durationMs, more },
    { calls: ["bridge", "portmap"], durationMs: 40, more: [] },
  )
})

test("nodes whose clocks say the same have one order, whichever was read first", () => {
  const here = { ...call("bridge", { containerId: "here" }), node: "a", monoMs: 2_000 }
  const there = { ...call("bridge", { containerId: "there" }), node: "b", wallMs: here.wallMs, monoMs: 1_000 }
  const containers = (calls: Call[]) => toOperations(calls).map(({ containerId }) => containerId)
  assert.deepEqual(
    [containers([here, there]), containers([there, here])],
    [
      ["there", "here"],
      ["there", "here"],
    ],
  )
})

test("a reboot restarts the monotonic clock: DEL still comes after ADD", () => {
  const add = { ...call("add", { plugin: "bridge" }), monoMs: 900_000_000 }
  const before = { ...call("first", { plugin: "bridge", containerId: "old", at: -899_000_000 }), monoMs: 1_000_000 }
  const del = { ...call("del", { plugin: "bridge", command: "DEL", at: 120_000 }), monoMs: 5_000_000 }
  assert.deepEqual(lines(del, add, before), ["ADD ok: first", "ADD ok: add", "DEL ok: del"])
})

test("a call that never ended keeps its operation open", () => {
  const running = call("calico", { state: "running" })
  const killed = call("bridge", { containerId: "beef", at: 5, state: "killed" })
  assert.deepEqual(
    toOperations([running, killed]).map(({ outcome, durationMs }) => ({ outcome, durationMs })),
    [
      { outcome: "running", durationMs: undefined },
      { outcome: "killed", durationMs: undefined },
    ],
  )
})

test("probes of the article's chain are one operation, as long as from the first to the last", () => {
  const probe = (plugin: string, at: number): Call => {
    const { durationMs: _duration, exit: _exit, ...rest } = call(plugin, { at })
    return { ...rest, as: "probe" }
  }
  assert.deepEqual(
    toOperations([probe("cni_pre", 0), probe("cni_post", 25)]).map(({ durationMs, outcome }) => ({
      durationMs,
      outcome,
    })),
    [{ durationMs: 25, outcome: "ok" }],
  )
})

test("forged parents that form a cycle are not nesting", () => {
  assert.deepEqual(lines(call("a", { parent: "b" }), call("b", { parent: "a", at: 1, plugin: "c" })), ["ADD ok: a b"])
})

test("thin Multus: delegates of several networks are one operation, by the parent's id", () => {
  assert.deepEqual(
    lines(
      call("multus", { network: "multus", durationMs: 200 }),
      call("calico", { at: 10, parent: "multus", network: "k8s", durationMs: 50 }),
      call("calico-ipam", { at: 20, parent: "calico", network: "k8s", durationMs: 10 }),
      call("portmap", { at: 70, parent: "multus", network: "k8s", durationMs: 10 }),
      call("macvlan", { at: 90, parent: "multus", network: "storage", ifname: "net1", durationMs: 60 }),
    ),
    ["ADD ok: multus(calico(calico-ipam) portmap macvlan)"],
  )
})

test("two runtimes that work on one container at the same time stay apart", () => {
  const of = (id: string, plugin: string, at: number, ppid: number) =>
    call(id, { plugin, at, ppid, command: "DEL", parentName: ppid === 1 ? "containerd" : "crictl" })
  assert.deepEqual(
    lines(of("p1", "portmap", 0, 1), of("p2", "portmap", 5, 2), of("b1", "bridge", 20, 1), of("b2", "bridge", 25, 2)),
    ["DEL ok: p1 b1", "DEL ok: p2 b2"],
  )
})

test("a late DEL of the old sandbox, in the middle of the new one's ADD", () => {
  assert.deepEqual(
    lines(
      call("a1", { plugin: "bridge", containerId: "fresh", at: 0, durationMs: 30 }),
      call("d1", { plugin: "portmap", containerId: "old", command: "DEL", at: 10 }),
      call("a2", { plugin: "portmap", containerId: "fresh", at: 40 }),
      call("d2", { plugin: "bridge", containerId: "old", command: "DEL", at: 45 }),
    ),
    ["ADD ok: a1 a2", "DEL ok: d1 d2"],
  )
})

test("a nested call whose parent's begin was pruned or torn is an operation of its own", () => {
  assert.deepEqual(lines(call("host-local", { parent: "gone", depth: 1 })), ["ADD ok: host-local"])
})

test("calls of another node whose end nobody recorded are neither running nor failed", () => {
  assert.deepEqual(lines(call("bridge", { state: "unknown" }), call("other", { containerId: "b", at: 5 })), [
    "ADD unknown: bridge",
    "ADD ok: other",
  ])
})

test("GC and STATUS have no container and are grouped by runtime and time", () => {
  const status = (id: string, plugin: string, at: number) => {
    const { containerId: _c, netns: _n, ifname: _i, pod: _p, ...rest } = call(id, { plugin, at, command: "STATUS" })
    return rest
  }
  assert.deepEqual(
    lines(
      status("a1", "bridge", 0),
      status("b1", "portmap", 15),
      status("a2", "bridge", 5000),
      status("b2", "portmap", 5015),
    ),
    ["STATUS ok: a1 b1", "STATUS ok: a2 b2"],
  )
})
