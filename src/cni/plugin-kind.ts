/** `main` makes an interface, `meta` works on one that is there, `ipam` hands out addresses. */
export type PluginKind = "main" | "meta" | "ipam"

/** What a plugin of this name does; undefined: nobody has told us. */
export function kindOfPlugin(name: string): PluginKind | undefined {
  for (const kind of ["main", "meta", "ipam"] as const) if (PLUGINS[kind].includes(name)) return kind
  return undefined
}

/** containernetworking/plugins, and what the agents of clusters install. */
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
  meta: [
    "bandwidth",
    "cni_post",
    "cni_pre",
    "egress-cni",
    "firewall",
    "istio-cni",
    "linkerd-cni",
    "portmap",
    "sbr",
    "tuning",
    "vrf",
  ],
  ipam: ["dhcp", "host-local", "static", "azure-cns", "azure-vnet-ipam", "calico-ipam", "weave-ipam", "whereabouts"],
}
