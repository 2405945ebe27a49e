import type { Operation } from "../operation.ts"
import type { ExplainContext } from "./statement.ts"

/** A runtime that calls DEL this soon after a successful ADD gave the sandbox up: it failed after the network was made. */
const GIVEN_UP_WITHIN_MS = 1_000

/** The first DEL of the same attachment after an ADD. */
export function followingDel(
  operation: Operation,
  { related }: Pick<ExplainContext, "related">,
): Operation | undefined {
  return operation.command === "ADD" ? delOf(operation, related, isLater) : undefined
}

/** How long after a successful ADD the runtime gave the sandbox up; undefined if it did not. */
export function givenUpAfterMs(operation: Operation, context: Pick<ExplainContext, "related">): number | undefined {
  const del = operation.outcome === "ok" ? followingDel(operation, context) : undefined
  const afterMs = del && del.wallMs - operation.wallMs - (operation.durationMs ?? 0)
  return afterMs !== undefined && afterMs <= GIVEN_UP_WITHIN_MS ? afterMs : undefined
}

/** The operations of the pod with the same command and interface, one for each attempt of the kubelet, in order. */
export function attemptsOf(operation: Operation, { related }: Pick<ExplainContext, "related">): Operation[] {
  return related.filter(
    ({ command, ifname, network }) =>
      command === operation.command && ifname === operation.ifname && network === operation.network,
  )
}

/** At most how long an operation ran that has no recorded end: until the runtime did something else for the pod. */
export function ranAtMostMs(operation: Operation, { related }: Pick<ExplainContext, "related">): number | undefined {
  const next = related.find((other) => isLater(other, operation))
  return next && next.wallMs - operation.wallMs
}

/**
 * Limits of the kubelet's requests, with its default runtimeRequestTimeout of two minutes: twice that for RunPodSandbox
 * (cri-client remote_runtime.go), once for StopPodSandbox.
 */
const REQUEST_LIMITS_MS: Readonly<Record<string, number>> = { ADD: 240_000, DEL: 120_000 }

export function requestLimitMs({ command, pod }: Operation): number | undefined {
  return pod ? REQUEST_LIMITS_MS[command] : undefined
}

/** How much later than its limit a request may end on a busy node. */
const LATENESS_MS = 20_000

/** Whether the kubelet's limit ended it. */
export function isAtLimit(operation: Operation, ranMs: number | undefined): boolean {
  const limitMs = requestLimitMs(operation)
  return limitMs !== undefined && ranMs !== undefined && ranMs >= limitMs - 1000 && ranMs <= limitMs + LATENESS_MS
}

export function isLater(other: Operation, operation: Operation): boolean {
  return other.id !== operation.id && other.wallMs >= operation.wallMs
}

/** Another DEL of the same attachment that ran at the same time: the kubelet may ask the runtime twice at once. */
export function concurrentDel(
  operation: Operation,
  { related }: Pick<ExplainContext, "related">,
): Operation | undefined {
  return operation.command === "DEL" ? delOf(operation, related, isConcurrent) : undefined
}

/** The first DEL of the operation's attachment that is in this relation to it. */
function delOf(operation: Operation, related: readonly Operation[], isRelated: typeof isLater): Operation | undefined {
  return related.find(
    (other) => other.command === "DEL" && isRelated(other, operation) && isSameAttachment(other, operation),
  )
}

/** Whether both ran at some moment. */
export function isConcurrent(a: Operation, b: Operation): boolean {
  return a.id !== b.id && a.wallMs <= endMs(b) && b.wallMs <= endMs(a)
}

function endMs({ wallMs, durationMs = Number.POSITIVE_INFINITY }: Operation): number {
  return wallMs + durationMs
}

export function isSameAttachment(a: Operation, b: Operation): boolean {
  return a.containerId === b.containerId && a.ifname === b.ifname && a.network === b.network
}
