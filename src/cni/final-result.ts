/**
 * What a runtime requires of the final result of an ADD. libcni itself accepts any result that it can parse, an empty one
 * too, and so does the specification: a plugin may leave the addresses to others.
 */
export type ResultRequirements = {
  /** fails if `ips[].interface` is not the index of an entry of `interfaces` */
  checksInterfaceIndex: boolean
  /** fails if the result has no address for this interface */
  addressOn?: string
}

/**
 * By the name of the process that calls the plugins (`/proc/PID/comm`).
 *
 * containerd: go-cni's `createResult` (result.go, helper.go) and `setupPodNetwork` (internal/cri/server/sandbox_run.go). An
 * address without an index counts as one of eth0; the check of the index lets the first one past the end through, which
 * then ends containerd itself with a Go panic. nerdctl, ctr and buildkitd use go-cni without asking for an address.
 * podman: `CNIResultToStatus` (libnetwork/cni/cni_conversion.go of containers/common).
 * CRI-O: `networkStart` (server/sandbox_network.go) takes the addresses and looks at nothing else; a pod without any starts.
 * cri-dockerd and the kubelet before 1.24 do not look at the result: they ask the pod's network namespace.
 */
const REQUIREMENTS: Readonly<Record<string, ResultRequirements>> = {
  containerd: { checksInterfaceIndex: true, addressOn: "eth0" },
  nerdctl: { checksInterfaceIndex: true },
  ctr: { checksInterfaceIndex: true },
  buildkitd: { checksInterfaceIndex: true },
  podman: { checksInterfaceIndex: true },
  crio: { checksInterfaceIndex: false },
  "cri-dockerd": { checksInterfaceIndex: false },
  kubelet: { checksInterfaceIndex: false },
}

/** In the specification an index refers to `interfaces`; most runtimes refuse a result in which it does not. */
const UNKNOWN_RUNTIME: ResultRequirements = { checksInterfaceIndex: true }

export function requirementsOf(processName: string | undefined): ResultRequirements {
  return REQUIREMENTS[processName ?? ""] ?? UNKNOWN_RUNTIME
}
