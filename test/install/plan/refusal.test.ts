import assert from "node:assert/strict"
import { test } from "node:test"
import { conflists, PLATFORM_TREES } from "../detect/platform-trees.ts"
import { mountinfo, plant, programs } from "../plant.ts"
import { refused } from "./refused.ts"

const PLUGINS = programs(
  "/opt/cni/bin",
  ...["calico", "calico-ipam", "portmap", "bandwidth", "cilium-cni", "flannel", "bridge", "host-local", "multus"],
  ...["multus-shim", "aws-cni", "egress-cni", "antrea", "ptp", "ovn-k8s-cni-overlay", "istio-cni", "linkerd-cni"],
  ...["azure-vnet", "kube-ovn", "firewall", "tuning"],
)

const UNCHAINED = "cilium-cni without chaining-mode fails every ADD with a prevResult (--force)"
const EXCLUSIVE =
  "cilium would remove the probes again: the agent replaces cilium-cni at each start; at any change of the configuration directory it rewrites its own file and renames all others to *.cilium_bak (cni.exclusive) (--force)"
const NO_LIST = "cannot be edited: it has no plugins list"

/** Chain mode with the network configurations of real networks. */
const chain: Record<string, string[]> = {
  antrea: [],
  "aws-vpc-cni": [],
  azure: ["it is not known how azure-vnet handles a prevResult as the first plugin (--force)"],
  calico: [],
  canal: [],
  cilium: [UNCHAINED, EXCLUSIVE],
  "cilium-aws": [EXCLUSIVE],
  "cilium-flannel": [EXCLUSIVE],
  "cilium-portmap": [UNCHAINED, EXCLUSIVE],
  "containerd-bridge": [],
  crio: [],
  flannel: [],
  istio: [],
  k3s: [],
  kindnet: [],
  "kube-ovn": ["it is not known how kube-ovn handles a prevResult as the first plugin (--force)"],
  "kube-router": [
    "kube-router would rewrite the list around the probes: it reads the list, which must have a plugin of type bridge, and rewrites it in its own formatting at each start (--force)",
  ],
  linkerd: [
    "linkerd-cni would rewrite the list around the probes: it watches the configuration directory and rewrites its entry at the end of every changed configuration (--force)",
  ],
  "multus-thick": [`/etc/cni/net.d/00-multus.conf ${NO_LIST}`],
  "multus-thin": [`/etc/cni/net.d/00-multus.conf ${NO_LIST}`],
  "ovn-kubernetes": [`/etc/cni/net.d/10-ovn-kubernetes.conf ${NO_LIST}`],
  podman: [],
}

for (const [network, expected] of Object.entries(chain)) {
  test(`${network}: chain mode ${expected.length > 0 ? "is refused" : "is possible"}; swap and path always are`, (t) => {
    const root = plant(t, conflists(network), PLUGINS)
    assert.deepEqual(refused(root, "chain"), expected)
    assert.deepEqual([refused(root, "swap"), refused(root, "path")], [[], []])
  })
}

test("a list that Multus uses for its delegates: the probes would be in both files", (t) => {
  const multus = JSON.stringify({
    cniVersion: "1.0.0",
    name: "multus-cni-network",
    plugins: [{ type: "multus-shim", clusterNetwork: "/host/etc/cni/net.d/10-flannel.conflist" }],
  })
  const root = plant(t, conflists("flannel"), PLUGINS, { "/etc/cni/net.d/00-multus.conflist": multus })
  assert.deepEqual(refused(root, "chain"), [
    "multus-thick would copy the probes into its own list: the daemon regenerates 00-multus.conf when the master configuration changes, and executes delegates itself (--force)",
  ])
})

const READ_ONLY = "/nix/store/ghi-cni-plugins/bin is on a read-only file system"

/** What is refused by platform; all others accept every mode. */
const platforms: Partial<Record<keyof typeof PLATFORM_TREES, { swap: string[]; chain: string[] }>> = {
  aks: { swap: [], chain: chain.azure ?? [] },
  openshift: { swap: [], chain: [`/etc/kubernetes/cni/net.d/00-multus.conf ${NO_LIST}`] },
  nixos: { swap: [READ_ONLY], chain: ["every plugin directory is read-only"] },
}

for (const [name, tree] of Object.entries(PLATFORM_TREES)) {
  const { swap, chain: inChain } = platforms[name as keyof typeof PLATFORM_TREES] ?? { swap: [], chain: [] }
  test(`${name}: ${swap.length + inChain.length > 0 ? "what is refused" : "every mode is possible"}`, (t) => {
    const root = plant(t, tree)
    assert.deepEqual(
      { swap: refused(root, "swap"), path: refused(root, "path"), chain: refused(root, "chain") },
      { swap, path: [], chain: inChain },
    )
  })
}

test("a plugin directory mounted noexec, and a read-only one with a read-only list", (t) => {
  const base = [conflists("containerd-bridge"), PLUGINS]
  const noexec = plant(t, ...base, mountinfo("/ ext4 rw", "/opt ext4 rw,noexec"))
  assert.deepEqual(refused(noexec, "swap"), ["/opt/cni/bin is on a file system mounted noexec"])
  const readOnly = plant(t, ...base, mountinfo("/ ext4 ro", "/opt/cni ext4 rw"))
  assert.deepEqual(refused(readOnly, "swap"), [])
  assert.deepEqual(refused(readOnly, "chain"), ["/etc/cni/net.d is on a read-only file system"])
})

test("no network, a broken first list, no plugin that can be recorded", (t) => {
  const nothing = "/etc/cni/net.d has no network configuration"
  const bare = plant(t, { "/opt/cni/bin": "directory" })
  assert.deepEqual(refused(bare, "swap"), [`${nothing}, so the plugins to record are not known`])
  assert.deepEqual(refused(bare, "chain"), [nothing])
  const broken = plant(t, conflists("calico"), PLUGINS, { "/etc/cni/net.d/00-a.conflist": "" })
  for (const mode of ["swap", "path", "chain"] as const) {
    assert.deepEqual(refused(broken, mode), ["/etc/cni/net.d/00-a.conflist cannot be read: it is empty"])
  }
  const missing = plant(t, conflists("calico"), { "/opt/cni/bin": "directory" })
  assert.deepEqual(refused(missing, "swap"), ["no plugin can be recorded: calico: it is not in /opt/cni/bin"])
})

test("istio-cni alone: Istio overwrites the relay at once", (t) => {
  const own = '{"name":"a","cniVersion":"1.0.0","plugins":[{"type":"istio-cni"}]}'
  const root = plant(t, PLUGINS, { "/etc/cni/net.d/02-istio-cni.conflist": own })
  assert.deepEqual(refused(root, "swap"), [
    "no plugin can be recorded: istio-cni: istio-cni overwrites it again as soon as it changes",
  ])
  assert.deepEqual(refused(root, "chain"), [
    "istio-cni must follow another plugin and would get an empty result (--force)",
    "istio-cni would copy the probes into its own list: install-cni watches its plugin and the configuration directory, and restores its plugin and its entry at once (--force)",
  ])
})
