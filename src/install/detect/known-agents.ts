export type AgentName =
  | "calico"
  | "cilium"
  | "flannel"
  | "multus-thin"
  | "multus-thick"
  | "aws-vpc-cni"
  | "antrea"
  | "kindnet"
  | "kube-router"
  | "ovn-kubernetes"
  | "istio-cni"
  | "linkerd-cni"

/**
 * What an agent does to something of ours. `survives`: leaves it. `lost`: overwrites it when it starts next, calls go
 * on unrecorded. `fought`: puts its own back at once, again and again. `copied`: takes it over into its own file.
 * `rewritten`: leaves it in, and writes the file around it anew, which can then not be put back as it was.
 */
export type Effect = "survives" | "lost" | "fought" | "copied" | "rewritten"

export type Agent = {
  name: AgentName
  /** files, keys and values that tell of it */
  evidence: string[]
  /** plugins that it installs and rewrites */
  plugins: string[]
  /** of a relay in the place of one of its plugins */
  onSwap: Effect
  /** of entries of ours in a network configuration */
  onListEdit: Effect
  /** one sentence for people: what it rewrites, and when */
  does: string
  /** what to set so that it leaves our entries alone, where there is such a thing */
  instead?: string
}

/** What a node shows of an agent that is at work on it; what one that is gone left in /etc or /opt is no sign. */
export type Signs = {
  /** plugins in a network configuration */
  types?: readonly string[]
  /** names of a network configuration's file, or of the network */
  names?: readonly string[]
  processes?: readonly string[]
  /** sockets and files below /run */
  paths?: readonly string[]
}

export type KnownAgent = Omit<Agent, "evidence"> & { signs: Signs }

/** Read in the agents' sources (cni-semantics D1). Cilium and Istio do more or less by their settings: detect/agents.ts. */
export const AGENTS: readonly KnownAgent[] = [
  {
    name: "calico",
    signs: { types: ["calico"], processes: ["calico-node"] },
    plugins: ["calico", "calico-ipam", "bandwidth", "flannel", "host-local", "loopback", "portmap", "tuning"],
    onSwap: "lost",
    onListEdit: "lost",
    does: "install-cni writes 10-calico.conflist in place, and renames its plugins over others, at each start of calico-node",
    instead: "set UPDATE_CNI_BINARIES=false on install-cni, and its plugins stay as they are",
  },
  {
    name: "cilium",
    signs: { types: ["cilium-cni"], processes: ["cilium-agent"], paths: ["/run/cilium/cilium.sock"] },
    plugins: ["cilium-cni", "loopback"],
    onSwap: "lost",
    onListEdit: "lost",
    does: "the agent renames cilium-cni over what stands there, and writes 05-cilium.conflist, at each start",
  },
  {
    name: "flannel",
    signs: { types: ["flannel"], processes: ["flanneld"], paths: ["/run/flannel/subnet.env"] },
    plugins: ["flannel"],
    onSwap: "lost",
    onListEdit: "lost",
    does: "install-cni-plugin copies flannel over what stands there (cp -f), and 10-flannel.conflist, at each start",
  },
  {
    name: "multus-thin",
    signs: { types: ["multus"] },
    plugins: ["multus"],
    onSwap: "lost",
    onListEdit: "copied",
    does: "it copies the first other network configuration into 00-multus.conf as its delegate, every second that it changed",
  },
  {
    name: "multus-thick",
    signs: {
      types: ["multus-shim"],
      processes: ["multus-daemon"],
      paths: ["/run/multus/multus.sock", "/run/multus/socket/multus.sock"],
    },
    plugins: ["multus-shim", "passthru"],
    onSwap: "lost",
    onListEdit: "copied",
    does: "the daemon writes 00-multus.conf from the master configuration when that changes, and executes delegates itself",
  },
  {
    name: "aws-vpc-cni",
    signs: { types: ["aws-cni"], processes: ["aws-k8s-agent"], paths: ["/run/aws-node/ipam.json"] },
    plugins: [
      "aws-cni",
      "egress-cni",
      "aws-cni-support.sh",
      "bandwidth",
      "host-local",
      "loopback",
      "portmap",
      "tuning",
    ],
    onSwap: "lost",
    onListEdit: "lost",
    does: "aws-node renames its plugins over others, then 10-aws.conflist, at each start",
  },
  {
    name: "antrea",
    signs: { types: ["antrea"], processes: ["antrea-agent"], paths: ["/run/antrea/cni.sock"] },
    plugins: ["antrea", "bandwidth", "loopback", "portmap"],
    onSwap: "lost",
    onListEdit: "lost",
    does: "install-cni replaces its plugins and 10-antrea.conflist at each start of antrea-agent",
  },
  {
    name: "kindnet",
    signs: { names: ["kindnet", "10-kindnet.conflist"], processes: ["kindnetd"] },
    plugins: [],
    onSwap: "survives",
    onListEdit: "lost",
    does: "kindnetd renames 10-kindnet.conflist into place at its start, and when the node's subnets change",
  },
  {
    name: "kube-router",
    signs: { names: ["10-kuberouter.conflist"], processes: ["kube-router"] },
    plugins: [],
    onSwap: "survives",
    onListEdit: "rewritten",
    does: "it reads the list, which must have a plugin of type bridge, and writes it back in its own form at each start",
  },
  {
    name: "ovn-kubernetes",
    signs: { types: ["ovn-k8s-cni-overlay"], processes: ["ovnkube"] },
    plugins: ["ovn-k8s-cni-overlay"],
    onSwap: "lost",
    onListEdit: "lost",
    does: "ovnkube-node renames its plugin and 10-ovn-kubernetes.conf into place at each start when they differ",
  },
  {
    name: "istio-cni",
    signs: { types: ["istio-cni"], names: ["02-istio-cni.conflist"], paths: ["/run/istio-cni/log.sock"] },
    plugins: ["istio-cni"],
    onSwap: "fought",
    onListEdit: "survives",
    does: "install-cni watches its plugin and the configuration directory, and puts its plugin and its entry back at once",
    instead: "leave istio-cni out with --plugins",
  },
  {
    name: "linkerd-cni",
    signs: { types: ["linkerd-cni"] },
    plugins: ["linkerd-cni"],
    onSwap: "lost",
    onListEdit: "rewritten",
    does: "it watches the configuration directory and writes its own entry anew at the end of every changed configuration",
  },
]
