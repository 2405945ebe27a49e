import assert from "node:assert/strict"
import { test } from "node:test"
import { reasonText } from "../../src/model/outcome.ts"
import { type CallProps, call, operation, probe } from "./calls.ts"

const ETH0 = { name: "eth0", sandbox: "/var/run/netns/cni-1" }
const IP = { address: "10.1.2.3/24" }

/** `failed no-address: mycni`, for an ADD whose only plugin exited with 0. */
function outcomeOf(stdout: unknown, props: CallProps = {}): string {
  const { outcome, outcomeReason } = operation(call("mycni", { stdout, ...props }))
  return outcomeReason ? `${outcome} ${outcomeReason.kind}: ${outcomeReason.call}` : outcome
}

test("an answer that libcni cannot parse fails the ADD under every runtime", () => {
  for (const parentName of ["containerd", "crio", "multus-daemon", undefined]) {
    const of = (stdout: unknown) => outcomeOf(stdout, parentName ? { parentName } : {})
    for (const stdout of [
      "",
      "adding pod",
      '2026-09-21 adding\n{"cniVersion":"1.0.0"}',
      '{"level":"info"}\n{"cniVersion":"1.0.0"}',
      '{"cniVersion":"1.0.0","ips":[{"address":"10.1.2.3/24"}',
      "[]",
      { cniVersion: "1.0.0", ips: [{ address: "10.1.2.3" }] },
      { cniVersion: "1.0.0", ips: { address: "10.1.2.3/24" } },
      { cniVersion: "1.0.0", ips: [{ ...IP, gateway: "the router" }] },
      { cniVersion: 1, ips: [IP] },
    ])
      assert.equal(of(stdout), "failed unreadable: mycni", JSON.stringify(stdout))
    assert.equal(of({ cniVersion: "2.0.0", ips: [IP] }), "failed unknown-version: mycni")
  }
})

test("what libcni makes of unusual results that it can parse", () => {
  const accepted = (stdout: unknown, cniVersion?: string) => outcomeOf(stdout, cniVersion ? { cniVersion } : {})
  assert.equal(accepted({ ips: [IP] }), "ok", "the version of the configuration")
  assert.equal(accepted({ cniVersion: "", ips: [IP] }), "ok")
  assert.equal(accepted({ cniVersion: "1.0.0", IPs: [IP], Interfaces: null }), "ok", "keys in any case, null is empty")
  assert.equal(accepted({ cniVersion: "1.0.0", ips: [IP], vendor: { x: 1 } }), "ok")
  assert.equal(accepted({ cniVersion: "0.2.0", ip4: { ip: "10.1.2.3/24" } }), "ok")
  assert.equal(
    accepted({ cniVersion: "1.1.0", ips: [IP] }),
    "ok",
    "an older libcni refuses it, and no record shows which",
  )
})

test("an error object with exit status 0 fails the ADD, wherever the addresses should come from", () => {
  for (const parentName of ["containerd", "crio", "kubelet"])
    assert.equal(outcomeOf({ code: 11, msg: "try again" }, { parentName }), "failed error-object: mycni")
})

test("containerd requires an address of eth0, other runtimes do not", () => {
  const layer2 = { cniVersion: "1.0.0", interfaces: [ETH0] }
  const elsewhere = { cniVersion: "1.0.0", interfaces: [ETH0, { name: "lo" }], ips: [{ ...IP, interface: 1 }] }
  for (const stdout of [layer2, elsewhere, "{}", "null"]) {
    assert.equal(outcomeOf(stdout), "failed no-address: mycni")
    for (const parentName of ["crio", "podman", "nerdctl", "multus-daemon", "cnitool"])
      assert.equal(outcomeOf(stdout, { parentName }), "ok", parentName)
  }
  assert.equal(outcomeOf(layer2, { ifname: "net1" }), "ok", "only its first network needs one")
  assert.equal(
    outcomeOf({ cniVersion: "1.0.0", ips: [IP] }),
    "ok",
    "an address without an interface counts as one of eth0",
  )
})

test("an address on an interface that is not listed: CRI-O does not look at the index", () => {
  const stdout = (index: number) => ({ cniVersion: "1.0.0", interfaces: [ETH0], ips: [{ ...IP, interface: index }] })
  for (const index of [-1, 1, 7])
    for (const parentName of ["containerd", "podman", "nerdctl", "cnitool"])
      assert.equal(outcomeOf(stdout(index), { parentName }), "failed interface-index: mycni")
  assert.equal(outcomeOf(stdout(7), { parentName: "crio" }), "ok")
  assert.equal(outcomeOf(stdout(0)), "ok")
})

test("only the last answer of a list counts, and only that of an ADD", () => {
  const empty = { cniVersion: "1.0.0" }
  const full = { cniVersion: "1.0.0", ips: [IP] }
  assert.equal(operation(call("first", { stdout: empty }), call("last", { at: 20, stdout: full })).outcome, "ok")
  const { outcomeReason } = operation(call("first", { stdout: full }), call("last", { at: 20, stdout: empty }))
  assert.deepEqual(outcomeReason, { kind: "no-address", plugin: "last", call: "last" })
  for (const command of ["DEL", "CHECK", "GC", "STATUS", "VERSION"])
    assert.equal(outcomeOf("OK", { command }), "ok", command)
})

test("a delegate's failure is the caller's business: the runtime sees only the list", () => {
  const multus = call("multus", { durationMs: 100, stdout: { cniVersion: "1.0.0", ips: [IP] } })
  const delegate = call("macvlan", { at: 10, parent: "multus", ifname: "net1", stdout: "", parentName: "multus" })
  assert.equal(operation(multus, delegate).outcome, "ok")
  const failing = call("macvlan", { at: 10, parent: "multus", exit: { code: 1 }, stdout: { code: 7, msg: "no" } })
  assert.equal(operation(multus, failing).outcome, "ok")
  const refused = call("multus", { durationMs: 100, exit: { code: 1 }, stdout: { code: 7, msg: "no" } })
  assert.deepEqual(operation(refused, failing).outcomeReason, {
    kind: "plugin-failed",
    plugin: "multus",
    call: "multus",
  })
})

test("a nested call that outlives its caller does not keep the operation running", () => {
  const bridge = call("bridge", { state: "killed" })
  const orphan = call("host-local", { at: 10, parent: "bridge", state: "running" })
  assert.equal(operation(bridge, orphan).outcome, "killed")
})

test("probes: the last one is given the result", () => {
  const pre = probe("pre", { plugin: "cni_pre" })
  const post = (prevResult: object) => probe("post", { plugin: "cni_post", at: 50, prevResult })
  assert.equal(operation(pre, post({ cniVersion: "1.0.0", ips: [IP] })).outcome, "ok")
  assert.deepEqual(operation(pre, post({ cniVersion: "1.0.0", interfaces: [ETH0] })).outcomeReason, {
    kind: "no-address",
    plugin: "cni_post",
    call: "post",
  })
  assert.equal(operation(pre).outcome, "ok", "that it is alone, other operations show")
})

test("SIGPIPE: the caller was gone", () => {
  const { outcome, outcomeReason } = operation(call("bridge", { exit: { signal: 13 }, stdout: "" }))
  assert.deepEqual([outcome, outcomeReason], ["failed", { kind: "runtime-gone", plugin: "bridge", call: "bridge" }])
  assert.equal(
    outcomeReason && reasonText(outcomeReason),
    "bridge: nobody read its answer, because the runtime was gone",
  )
})
