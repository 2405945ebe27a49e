/** What will not be in the capture, and why. */
export type NotRecorded = { what: string; why: string }

/** Work that leaves the node's plugin directories: no executable of ours can stand in its way. */
const ELSEWHERE: Record<string, NotRecorded[]> = {
  antrea: [
    {
      what: "host-local under antrea",
      why: "the antrea-agent container executes its own copy, which it looks for first",
    },
  ],
  "cilium-cni": [{ what: "IPAM of cilium-cni", why: "the agent hands out addresses over its socket" }],
  "aws-cni": [{ what: "IPAM of aws-cni", why: "ipamd (aws-node) hands out addresses over gRPC" }],
  calico: [{ what: "what calico does in its datastore", why: "the plugin calls the Kubernetes API or etcd itself" }],
  "multus-shim": [
    {
      what: "which call of multus-shim a delegate belongs to",
      why: "the Multus daemon executes delegates with its own environment; they are matched by container and time",
    },
  ],
  "ovn-k8s-cni-overlay": [
    { what: "what OVN-Kubernetes does for a pod", why: "the plugin sends the request to the ovnkube-node server" },
  ],
  "kube-ovn": [{ what: "what Kube-OVN does for a pod", why: "the plugin sends the request to its daemon" }],
  "azure-vnet": [{ what: "IPAM of azure-vnet", why: "the plugin asks Azure CNS itself" }],
}

const CHAIN: NotRecorded[] = [
  {
    what: "a plugin that fails, its error, stderr and exit status",
    why: "the chain stops there and cni_post is not run",
  },
  { what: "IPAM and delegates", why: "plugins execute them, the list does not" },
  { what: "what each plugin between the two was given", why: "only the first input and the last result pass by" },
]

const MULTUS_FIRST: NotRecorded = {
  what: "delegates of Multus that lie in its own binDir, /opt/cni/bin unless it is set",
  why: "Multus looks there before it looks into the runtime's plugin path",
}

export function findNotRecorded(plugins: readonly string[], mode: "swap" | "path" | "chain"): NotRecorded[] {
  const isMultusFirst = mode === "path" && plugins.some((plugin) => plugin === "multus" || plugin === "multus-shim")
  return [
    ...(mode === "chain" ? CHAIN : []),
    ...(isMultusFirst ? [MULTUS_FIRST] : []),
    ...plugins.flatMap((plugin) => ELSEWHERE[plugin] ?? []),
  ]
}
