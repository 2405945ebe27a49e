import type { InstallMode } from "./install-options.ts"

/** Something that will not be in the capture, and why. */
export type NotRecorded = { what: string; reason: string }

/** Work that plugins do without executing another plugin of the node, so that no relay sees it. */
const ELSEWHERE: Record<string, NotRecorded[]> = {
  "cilium-cni": [{ what: "IPAM of cilium-cni", reason: "the agent assigns addresses over its socket" }],
  "aws-cni": [{ what: "IPAM of aws-cni", reason: "ipamd (aws-node) assigns addresses over gRPC" }],
  calico: [
    { what: "what calico does in its datastore", reason: "the plugin calls the Kubernetes API or etcd directly" },
  ],
  "multus-shim": [
    {
      what: "which multus-shim call a delegate belongs to",
      reason: "the Multus daemon executes delegates with its own environment; they are matched by container and time",
    },
  ],
  "ovn-k8s-cni-overlay": [
    { what: "what OVN-Kubernetes does for a pod", reason: "the plugin sends the request to the ovnkube-node server" },
  ],
  "kube-ovn": [{ what: "what Kube-OVN does for a pod", reason: "the plugin sends the request to its daemon" }],
  "azure-vnet": [{ what: "IPAM of azure-vnet", reason: "the plugin requests addresses from Azure CNS directly" }],
}

/** Plugins of an image, which an observer knows by their names. */
const IN_CONTAINERS: Record<string, NotRecorded[]> = {
  antrea: [{ what: "host-local under antrea", reason: "the antrea-agent container executes its own copy" }],
}

const CHAIN: NotRecorded[] = [
  {
    what: "a failing plugin's error, stderr and exit status",
    reason: "the chain stops at the failure, so cni_post does not run",
  },
  { what: "IPAM and delegates", reason: "plugins execute them, not the list" },
  {
    what: "the input of each plugin between the two probes",
    reason: "the probes see only the first input and the last result",
  },
]

const OBSERVE: NotRecorded[] = [
  { what: "calls in flight when the observer starts", reason: "it has not seen them begin" },
  {
    what: "what the kernel moves between files by itself (splice, sendfile, an io_uring)",
    reason: "no buffer of the plugin holds it; the stream is marked",
  },
  { what: "stdin that a plugin does not read", reason: "the observer sees what is read" },
  {
    what: "what 32-bit programs read and write",
    reason: "their system calls have other numbers; the streams are marked",
  },
]

const MULTUS_FIRST: NotRecorded = {
  what: "delegates of Multus in its own binDir (default /opt/cni/bin)",
  reason: "Multus searches it before the runtime's plugin path",
}

/** `executesLoopback`: the runtime executes the plugin loopback for every pod, without a list. */
export function findNotRecorded(
  plugins: readonly string[],
  mode: InstallMode,
  executesLoopback: boolean,
): NotRecorded[] {
  const isMultusFirst = mode === "path" && plugins.some((plugin) => plugin === "multus" || plugin === "multus-shim")
  return [
    ...(mode === "chain" ? CHAIN : mode === "observe" ? OBSERVE : []),
    ...(isMultusFirst ? [MULTUS_FIRST] : []),
    ...(executesLoopback && mode !== "observe" && !plugins.includes("loopback") ? [loopback(plugins, mode)] : []),
    ...(mode === "observe" ? [] : plugins.flatMap((plugin) => IN_CONTAINERS[plugin] ?? [])),
    ...plugins.flatMap((plugin) => ELSEWHERE[plugin] ?? []),
  ]
}

/** Two more calls per pod that say little: they are recorded on request. */
function loopback(plugins: readonly string[], mode: InstallMode): NotRecorded {
  const request = mode === "chain" ? "" : `; --plugins ${[...plugins, "loopback"].join(",")} records it too`
  return { what: "loopback", reason: `the runtime executes it for every pod, besides the list${request}` }
}
