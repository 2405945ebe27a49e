import { parse } from "yaml"
import type { NodeFiles } from "../node-files.ts"
import type { PlatformName } from "../platforms/known-platforms.ts"
import type { NodeProcess } from "../read-processes.ts"
import { type CommandLine, flag, running } from "./command-line.ts"
import { containerd } from "./containerd.ts"
import { criDockerd } from "./cri-dockerd.ts"
import { crio } from "./crio.ts"
import { podman } from "./podman.ts"
import type { Runtime, RuntimeDetector } from "./runtime.ts"

/** Every runtime that cnitap knows; of two that are equally likely, the earlier one decides. */
export const RUNTIMES: readonly RuntimeDetector[] = [containerd, crio, criDockerd, podman]

/**
 * Every runtime of the node that uses CNI. The one that creates the node's pods comes first: the one whose socket the
 * running kubelet uses, else one that runs, else the one that a former kubelet is configured with, else one that is
 * installed.
 */
export function findRuntimes(files: NodeFiles, processes: readonly NodeProcess[], platform: PlatformName): Runtime[] {
  const found = RUNTIMES.flatMap((detector) => detector.find(files, processes, platform))
  const [kubelet] = running(files, processes, "kubelet")
  const endpoint = kubeletEndpoint(files, kubelet)
  const rank = ({ socket, isRunning, off }: Runtime) => {
    const isOfKubelet = endpoint !== undefined && socketPath(files, socket) === endpoint
    const reasons = [off === undefined, isOfKubelet && kubelet !== undefined, isRunning, isOfKubelet]
    return reasons.reduce((sum, holds) => 2 * sum + (holds ? 1 : 0), 0)
  }
  return found
    .map((runtime, at) => ({ runtime, at }))
    .sort((a, b) => rank(b.runtime) - rank(a.runtime) || a.at - b.at)
    .map(({ runtime }) => runtime)
}

const KUBEADM_FLAGS = "/var/lib/kubelet/kubeadm-flags.env"
const KUBELET_CONFIG = "/var/lib/kubelet/config.yaml"

/** The kubelet's CRI endpoint: from its command line, kubeadm's flags file or its configuration. */
function kubeletEndpoint(files: NodeFiles, kubelet: CommandLine | undefined): string | undefined {
  const kubeadm = files
    .text(KUBEADM_FLAGS)
    ?.replace(/["'\n]/g, " ")
    .replace(/^\w+=/, "")
    .trim()
  const name = "--container-runtime-endpoint"
  const given =
    (kubelet ? flag(kubelet, name) : undefined) ??
    (kubeadm ? flag({ words: kubeadm.split(/\s+/), from: KUBEADM_FLAGS }, name) : undefined)
  const config = (kubelet ? flag(kubelet, "--config") : undefined) ?? KUBELET_CONFIG
  return socketPath(files, given ?? endpointOf(files.text(config)))
}

function endpointOf(text: string | undefined): string | undefined {
  try {
    const value: unknown = parse(text ?? "")
    if (typeof value !== "object" || value === null || !("containerRuntimeEndpoint" in value)) return undefined
    return typeof value.containerRuntimeEndpoint === "string" ? value.containerRuntimeEndpoint : undefined
  } catch {
    return undefined
  }
}

/** /var/run is a symlink to /run on nearly every node, so one socket has two names. */
function socketPath(files: NodeFiles, endpoint: string | undefined): string | undefined {
  const path = endpoint?.replace(/^unix:\/\//, "")
  return path ? (files.real(path) ?? path.replace(/^\/var\/run\//, "/run/")) : undefined
}
