import assert from "node:assert/strict"
import { test } from "node:test"
import type { InstallMode } from "../../../src/install/plan/install-options.ts"
import { findNotRecorded } from "../../../src/install/plan/not-recorded.ts"

const whats = (plugins: string[], mode: InstallMode) => findNotRecorded(plugins, mode, false).map(({ what }) => what)

test("swap mode records everything that is executed from the plugin directories", () => {
  assert.deepEqual(findNotRecorded(["bridge", "host-local", "portmap"], "swap", false), [])
})

test("chain mode records neither failures nor what plugins execute", () => {
  assert.deepEqual(whats(["bridge"], "chain"), [
    "a failing plugin's error, stderr and exit status",
    "IPAM and delegates",
    "the input of each plugin between the two probes",
  ])
})

test("path mode does not record delegates in Multus' own directory", () => {
  assert.deepEqual(whats(["multus", "flannel"], "path"), [
    "delegates of Multus in its own binDir (default /opt/cni/bin)",
  ])
  assert.deepEqual(whats(["multus", "flannel"], "swap"), [])
})

test("work outside of the plugin directories is reported in every mode; an observer sees plugins of an agent's image", () => {
  const expected = {
    antrea: "host-local under antrea",
    "cilium-cni": "IPAM of cilium-cni",
    "aws-cni": "IPAM of aws-cni",
    calico: "what calico does in its datastore",
    "multus-shim": "which multus-shim call a delegate belongs to",
    "ovn-k8s-cni-overlay": "what OVN-Kubernetes does for a pod",
    "kube-ovn": "what Kube-OVN does for a pod",
    "azure-vnet": "IPAM of azure-vnet",
  }
  for (const [plugin, what] of Object.entries(expected)) {
    assert.deepEqual(whats([plugin], "swap"), [what])
    assert.equal(whats([plugin], "path").at(-1), what)
    assert.equal(whats([plugin], "chain").at(-1), what)
    assert.equal(whats([plugin], "observe").includes(what), plugin !== "antrea", plugin)
  }
})

test("loopback, which the runtime executes besides the list, is named with the flag that records it", () => {
  const reason = "the runtime executes it for every pod, besides the list"
  assert.deepEqual(findNotRecorded(["bridge", "host-local"], "swap", true), [
    { what: "loopback", reason: `${reason}; --plugins bridge,host-local,loopback records it too` },
  ])
  assert.deepEqual(findNotRecorded(["bridge"], "chain", true).at(-1), { what: "loopback", reason })
  assert.deepEqual(whats(["bridge", "loopback"], "swap"), [])
})
