import assert from "node:assert/strict"
import { test } from "node:test"
import { whyNotFirst } from "../../../src/install/plan/first-plugin.ts"

const unmoved = [
  ["calico", "bridge", "ptp", "macvlan", "vlan", "dummy", "tap", "host-device"],
  ["flannel", "aws-cni", "multus", "multus-shim", "antrea", "ovn-k8s-cni-overlay"],
].flat()

for (const type of unmoved) {
  test(`cni_pre is allowed before ${type}`, () => assert.equal(whyNotFirst({ type }), undefined))
}

test("Cilium fails on any prevResult unless it is chained", () => {
  assert.equal(
    whyNotFirst({ type: "cilium-cni" }),
    "cilium-cni without chaining-mode fails every ADD with a prevResult",
  )
  assert.equal(whyNotFirst({ type: "cilium-cni", "chaining-mode": "flannel" }), undefined)
})

test("ipvlan without master and IPAM uses the prevResult", () => {
  const why = "ipvlan without master and IPAM takes its interface and addresses from the prevResult"
  const ipam = { type: "host-local" }
  assert.equal(whyNotFirst({ type: "ipvlan", ipam }), why)
  assert.equal(whyNotFirst({ type: "ipvlan", master: "eth0" }), why)
  assert.equal(whyNotFirst({ type: "ipvlan", master: "eth0", ipam: {} }), why)
  assert.equal(whyNotFirst({ type: "ipvlan", master: "eth0", ipam }), undefined)
})

test("loopback would return the empty prevResult", () => {
  assert.equal(whyNotFirst({ type: "loopback" }), "loopback returns the empty prevResult instead of its own result")
})

for (const type of [
  ["tuning", "portmap", "bandwidth", "firewall", "sbr", "vrf"],
  ["egress-cni", "istio-cni", "linkerd-cni"],
].flat()) {
  test(`${type} works on the result of another plugin`, () => {
    assert.equal(whyNotFirst({ type }), `${type} must follow another plugin and would get an empty result`)
  })
}

test("the behaviour of an unlisted plugin is not known", () => {
  assert.equal(
    whyNotFirst({ type: "azure-vnet" }),
    "it is not known how azure-vnet handles a prevResult as the first plugin",
  )
})
