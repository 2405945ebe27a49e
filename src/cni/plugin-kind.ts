/**
 * What a plugin does: `main` creates an interface, `meta` changes what an earlier plugin of the list created, `ipam`
 * assigns addresses, `probe` is one of cnitap's own entries in a list.
 */
export type PluginKind = "main" | "meta" | "ipam" | "probe"

/** Undefined for a plugin that is not in the table. */
export function kindOfPlugin(name: string): PluginKind | undefined {
  return KINDS.get(name)
}

/** Whether a plugin may be the `type` of an `ipam` section. True for a plugin that is not in the table. */
export function canAssignAddresses(name: string): boolean {
  const kind = KINDS.get(name)
  return kind === undefined || kind === "ipam" || ALSO_IPAM.includes(name)
}

/** Main plugins that assign addresses for other plugins too (AntreaIPAM, Kube-OVN's IPAM for attached networks). */
const ALSO_IPAM: readonly string[] = ["antrea", "kube-ovn"]

/** The plugins of containernetworking/plugins, and those that network agents install. */
const PLUGINS: Record<PluginKind, readonly string[]> = {
  main: [
    "bridge",
    "dummy",
    "host-device",
    "ipvlan",
    "loopback",
    "macvlan",
    "ptp",
    "tap",
    "vlan",
    "antrea",
    "aws-cni",
    "azure-vnet",
    "calico",
    "cilium-cni",
    "flannel",
    "kube-ovn",
    "multus",
    "multus-shim",
    "ovn-k8s-cni-overlay",
    "sriov",
    "weave-net",
  ],
  // As the first plugin of a list these fail or do nothing.
  meta: [
    "bandwidth",
    "egress-cni",
    "egress-v4-cni",
    "egress-v6-cni",
    "firewall",
    "istio-cni",
    "linkerd-cni",
    "portmap",
    "sbr",
    "tuning",
    "vrf",
  ],
  ipam: ["dhcp", "host-local", "static", "azure-cns", "azure-vnet-ipam", "calico-ipam", "weave-ipam", "whereabouts"],
  probe: ["cni_pre", "cni_post"],
}

const KINDS = new Map(
  (Object.keys(PLUGINS) as PluginKind[]).flatMap((kind) => PLUGINS[kind].map((name) => [name, kind] as const)),
)
