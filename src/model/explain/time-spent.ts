import { duration } from "../format.ts"
import type { CallNode, Operation } from "../operation.ts"

/** An operation that takes this long is a problem of its own, even if it succeeds. */
export const SLOW_MS = 5_000

/** `took 20.2s, 20.0s of it in slowcni`; undefined if the operation was not slow. */
export function slowText(operation: Operation): string | undefined {
  const { durationMs } = operation
  if (durationMs === undefined || durationMs < SLOW_MS) return undefined
  return `took ${duration(durationMs)}, ${whereText(operation)}`
}

/** `20.0s of it in slowcni`: the plugin, or the time between two calls, that took most of it. */
export function whereText({ calls, durationMs = 0 }: Operation): string {
  const spent = calls.flatMap((node) => [...ownTimes(node, "")])
  const most = spent.reduce<Spent>((longest, one) => (one.ms > longest.ms ? one : longest), { name: "", ms: 0 })
  const betweenMs = durationMs - calls.reduce((sum, { call }) => sum + (call.durationMs ?? 0), 0)
  return betweenMs > most.ms
    ? `${duration(betweenMs)} of it between the calls`
    : `${duration(most.ms)} of it in ${most.name}`
}

type Spent = { name: string; ms: number }

/** The time of each call without that of the calls that it made. */
function* ownTimes({ call, children }: CallNode, caller: string): Generator<Spent> {
  const below = children.reduce((sum, child) => sum + (child.call.durationMs ?? 0), 0)
  yield { name: caller ? `${call.plugin}, called by ${caller}` : call.plugin, ms: (call.durationMs ?? 0) - below }
  for (const child of children) yield* ownTimes(child, call.plugin)
}
