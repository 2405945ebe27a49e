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
 * What an agent does to a change that cnitap made. `keeps`: leaves it. `overwrites-at-start`: overwrites it when the
 * agent starts next; calls continue without being recorded. `overwrites`: restores its own version at once, every time.
 * `copies`: copies it into its own file. `rewrites`: keeps it but rewrites the rest of the file, which can then not be
 * restored byte for byte.
 */
export type AgentEffect = "keeps" | "overwrites-at-start" | "overwrites" | "copies" | "rewrites"

export type Agent = {
  name: AgentName
  /** files, keys and values that show its presence */
  evidence: string[]
  /** plugins that it installs and overwrites */
  plugins: string[]
  /** its effect on a relay that replaced one of its plugins */
  onSwap: AgentEffect
  /** its effect on probes in a network configuration */
  onListEdit: AgentEffect
  /** one sentence for people: what it writes, and when */
  behaviour: string
  /** a setting that makes it keep what cnitap installs, if there is one */
  workaround?: string
}

/**
 * What shows that an agent runs on a node. Files in /etc or /opt do not count, because a removed agent leaves them
 * behind.
 */
export type AgentSigns = {
  /** plugin types in a network configuration */
  types?: readonly string[]
  /** names of network configuration files, or of networks */
  names?: readonly string[]
  processes?: readonly string[]
  /** sockets and files below /run */
  paths?: readonly string[]
}

export type KnownAgent = Omit<Agent, "evidence"> & { signs: AgentSigns }

/** From the agents' sources. What Cilium and Istio do depends on their settings: see find-agents.ts. */
export const AGENTS: readonly KnownAgent[] = [
  {
    name: "calico",
    signs: { types: ["calico"], processes: ["calico-node"] },
    plugins: ["calico", "calico-ipam", "bandwidth", "flannel", "host-local", "loopback", "portmap", "tuning"],
    onSwap: "overwrites-at-start",
    onListEdit: "overwrites-at-start",
    behaviour: "install-cni rewrites 10-calico.conflist in place and replaces its plugins at each start of calico-node",
    workaround: "set UPDATE_CNI_BINARIES=false on install-cni to keep the plugins",
  },
  {
    name: "cilium",
    signs: { types: ["cilium-cni"], processes: ["cilium-agent"], paths: ["/run/cilium/cilium.sock"] },
    plugins: ["cilium-cni", "loopback"],
    onSwap: "overwrites-at-start",
    onListEdit: "overwrites-at-start",
    behaviour: "the agent replaces cilium-cni and writes 05-cilium.conflist at each start",
  },
  {
    name: "flannel",
    signs: { types: ["flannel"], processes: ["flanneld"], paths: ["/run/flannel/subnet.env"] },
    plugins: ["flannel"],
    onSwap: "overwrites-at-start",
    onListEdit: "overwrites-at-start",
    behaviour: "install-cni-plugin overwrites flannel (cp -f) and 10-flannel.conflist at each start",
  },
  {
    name: "multus-thin",
    signs: { types: ["multus"] },
    plugins: ["multus"],
    onSwap: "overwrites-at-start",
    onListEdit: "copies",
    behaviour:
      "it copies the first other network configuration into 00-multus.conf as its delegate, within a second of every change",
  },
  {
    name: "multus-thick",
    signs: {
      types: ["multus-shim"],
      processes: ["multus-daemon"],
      paths: ["/run/multus/multus.sock", "/run/multus/socket/multus.sock"],
    },
    plugins: ["multus-shim", "passthru"],
    onSwap: "overwrites-at-start",
    onListEdit: "copies",
    behaviour:
      "the daemon regenerates 00-multus.conf when the master configuration changes, and executes delegates itself",
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
    onSwap: "overwrites-at-start",
    onListEdit: "overwrites-at-start",
    behaviour: "aws-node replaces its plugins, then 10-aws.conflist, at each start",
  },
  {
    name: "antrea",
    signs: { types: ["antrea"], processes: ["antrea-agent"], paths: ["/run/antrea/cni.sock"] },
    plugins: ["antrea", "bandwidth", "loopback", "portmap"],
    onSwap: "overwrites-at-start",
    onListEdit: "overwrites-at-start",
    behaviour: "install-cni replaces its plugins and 10-antrea.conflist at each start of antrea-agent",
  },
  {
    name: "kindnet",
    signs: { names: ["kindnet", "10-kindnet.conflist"], processes: ["kindnetd"] },
    plugins: [],
    onSwap: "keeps",
    onListEdit: "overwrites-at-start",
    behaviour: "kindnetd replaces 10-kindnet.conflist at its start and when the subnets of the node change",
  },
  {
    name: "kube-router",
    signs: { names: ["10-kuberouter.conflist"], processes: ["kube-router"] },
    plugins: [],
    onSwap: "keeps",
    onListEdit: "rewrites",
    behaviour:
      "it reads the list, which must have a plugin of type bridge, and rewrites it in its own formatting at each start",
  },
  {
    name: "ovn-kubernetes",
    signs: { types: ["ovn-k8s-cni-overlay"], processes: ["ovnkube"] },
    plugins: ["ovn-k8s-cni-overlay"],
    onSwap: "overwrites-at-start",
    onListEdit: "overwrites-at-start",
    behaviour: "ovnkube-node replaces its plugin and 10-ovn-kubernetes.conf at each start if they differ",
  },
  {
    name: "istio-cni",
    signs: {
      types: ["istio-cni"],
      names: ["02-istio-cni.conflist"],
      processes: ["install-cni"],
      paths: ["/run/istio-cni/log.sock"],
    },
    plugins: ["istio-cni"],
    onSwap: "overwrites",
    onListEdit: "keeps",
    behaviour:
      "install-cni watches its plugin and the configuration directory, and restores its plugin and its entry at once",
    workaround: "exclude istio-cni with --plugins",
  },
  {
    name: "linkerd-cni",
    signs: { types: ["linkerd-cni"] },
    plugins: ["linkerd-cni"],
    onSwap: "overwrites-at-start",
    onListEdit: "rewrites",
    behaviour:
      "it watches the configuration directory and rewrites its entry at the end of every changed configuration",
  },
]
