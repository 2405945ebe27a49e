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
 */
export type Effect = "survives" | "lost" | "fought" | "copied"

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
