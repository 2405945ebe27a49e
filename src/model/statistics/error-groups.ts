import { podKey } from "../call.ts"
import { maskOf } from "../compare/volatile.ts"
import { abbreviate, errorTextOf } from "../explain/error-text.ts"
import { failingCallOf } from "../explain/failing-call.ts"
import { exitText } from "../format.ts"
import type { Operation } from "../operation.ts"
import { reasonText } from "../outcome.ts"
import type { OperationSummary } from "../packed-operations.ts"

/** Operations that failed for the same reason. Times are milliseconds since 1970, of the start of an operation. */
export type ErrorGroup = {
  /** the message with `<ip>`, `<id>`, `<n>` and the like in place of what differs from pod to pod */
  message: string
  count: number
  /** the plugins that failed with it, sorted */
  plugins: string[]
  /** commands of the operations, sorted */
  commands: string[]
  /** number of different pods; containers without a pod count too */
  pods: number
  firstMs: number
  lastMs: number
  /** ID of the last operation, as an example */
  operation: string
}

type GroupCounts = {
  count: number
  plugins: Set<string>
  commands: Set<string>
  pods: Set<string>
  firstMs: number
  lastMs: number
  operation: string
}

/** Groups failed and killed operations by their message; others are ignored. Operations may come in any order. */
export class ErrorGroups {
  readonly #groups = new Map<string, GroupCounts>()

  /** `message`: what `errorMessageOf` returned for it. */
  add(operation: Operation | OperationSummary, message = errorMessageOf(operation)): void {
    if (message === undefined) return
    const { id, command, pod, containerId, wallMs } = operation
    const call = failingCallOf(operation)?.call
    const group: GroupCounts = this.#groups.get(message) ?? {
      count: 0,
      plugins: new Set(),
      commands: new Set(),
      pods: new Set(),
      firstMs: wallMs,
      lastMs: wallMs,
      operation: id,
    }
    this.#groups.set(message, group)
    group.count++
    const plugin = call?.plugin ?? operation.outcomeReason?.plugin
    if (plugin !== undefined) group.plugins.add(plugin)
    group.commands.add(command)
    group.pods.add(pod ? podKey(pod) : (containerId ?? ""))
    group.firstMs = Math.min(group.firstMs, wallMs)
    if (wallMs >= group.lastMs) Object.assign(group, { lastMs: wallMs, operation: id })
  }

  /** The most frequent first; of equally frequent ones the latest. */
  list(): ErrorGroup[] {
    return Array.from(this.#groups, ([message, { plugins, commands, pods, ...counts }]) => ({
      message,
      ...counts,
      plugins: [...plugins].sort(),
      commands: [...commands].sort(),
      pods: pods.size,
    })).sort((a, b) => b.count - a.count || b.lastMs - a.lastMs || (a.message < b.message ? -1 : 1))
  }
}

/** A number of its own: a count, a size, a port, a duration; not part of a name such as `eth0` or `ipv4`. */
const NUMBER = /(?<![\w.-])\d+(?:\.\d+)?(?:ns|µs|us|ms|s|m|h)?(?![\w-]|\.\d)/g

/** The same for all operations that failed or were killed for the same reason; undefined of others. */
export function errorMessageOf(operation: Operation | OperationSummary): string | undefined {
  const { outcome, outcomeReason } = operation
  if (outcome !== "failed" && outcome !== "killed") return undefined
  // What a plugin printed that exited with 0 is in its streams alone.
  if (outcomeReason && outcomeReason.kind !== "plugin-failed") return reasonText(outcomeReason)
  const call = failingCallOf(operation)?.call
  const text = call && ("summaries" in operation ? operation.summaries.get(call.id)?.reason : errorTextOf(call))
  // A call without streams has no path.
  if (call && text) return maskOf({ ...call, path: "" })(abbreviate(text), "stderr").replace(NUMBER, "<n>")
  if (outcome === "killed" || call?.state === "killed") return "killed before it ended, without a message"
  return call?.exit ? `${exitText(call.exit)}, without a message` : "failed without a message"
}
