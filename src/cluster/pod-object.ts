/** A pod as the API server has it, as far as we read it. */
export type PodObject = {
  metadata: {
    name: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    deletionTimestamp?: string
    ownerReferences?: { kind: string; name: string }[]
  }
  spec: { nodeName?: string; containers?: object[]; volumes?: object[] }
  status?: {
    phase?: string
    reason?: string
    message?: string
    conditions?: { type: string; status: string; reason?: string; message?: string }[]
    containerStatuses?: { started?: boolean; state?: ContainerState; lastState?: ContainerState }[]
  }
}

type ContainerState = {
  waiting?: { reason?: string; message?: string }
  running?: object
  terminated?: { reason?: string; message?: string; exitCode?: number }
}

/** How a container runtime refuses a capability that is newer than it. */
export const UNKNOWN_CAPABILITY = /\b(?:unknown|invalid) capability/i

/**
 * Whether its startup probe has succeeded. Older kubelets then wait for a whole period before they ask the readiness probe:
 * https://github.com/kubernetes/kubernetes/issues/96731.
 */
export function isPodStarted({ status }: PodObject): boolean {
  return status?.containerStatuses?.some(({ started, state }) => started === true && state?.running) ?? false
}

/** Why nothing can be run in it, in the words of the kubelet; undefined if its container runs. */
export function podProblem({ metadata, status = {} }: PodObject): string | undefined {
  const [container] = status.containerStatuses ?? []
  const { waiting, terminated, running } = container?.state ?? {}
  if (metadata.deletionTimestamp && !running) return "the pod is being deleted"
  if (status.phase === "Succeeded") return "its time is over"
  if (waiting && waiting.reason !== "ContainerCreating" && waiting.reason !== "PodInitializing")
    return words(waiting.reason, waiting.message)
  if (terminated) return words(terminated.reason, terminated.message ?? `exit status ${terminated.exitCode}`)
  if (status.phase === "Failed") return words(status.reason, status.message)
  const isUnreachable = status.reason === "NodeLost" || metadata.deletionTimestamp !== undefined
  if (isUnreachable) return "the node does not answer"
  if (running) return undefined
  const unscheduled = status.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False")
  return words(unscheduled?.reason ?? "the pod has not started yet", unscheduled?.message)
}

function words(reason: string | undefined, message: string | undefined): string {
  return [reason, message].filter(Boolean).join(": ") || "unknown reason"
}
