import { age, duration, podName } from "../format.ts"
import type { Operation } from "../operation.ts"
import { reasonText } from "../outcome.ts"
import { reportOf } from "../result/runtime-report.ts"
import { attemptsSince, leftBehind, nextSteps } from "./aftermath.ts"
import { causeOf, discardedStderr, failingCallOf, missingPlugins, neverRan, runtimeError } from "./cause.ts"
import type { PluginList } from "./plugin-lists.ts"
import type { ExplainContext, Explanation } from "./statement.ts"
import { findingsOf, leakedBefore, nextStepsAfterSuccess, summaryOf } from "./summary.ts"

/** The operation to explain for a pod: the newest with a problem; if there is none, the newest ADD. */
export function operationToExplain(
  related: readonly Operation[],
  listOf: (operation: Operation) => PluginList | undefined,
  nowMs: number,
): Operation | undefined {
  const isProblem = (operation: Operation) => hasProblem(operation, listOf(operation), nowMs)
  const newest = related.findLast(isProblem)
  // After a failed ADD the runtime calls DEL, which may fail too: the ADD is still the cause.
  const failedAdd =
    newest?.command === "DEL" && newest.outcome !== "running"
      ? related.findLast(
          (operation) =>
            operation.command === "ADD" && operation.containerId === newest.containerId && isProblem(operation),
        )
      : undefined
  return failedAdd ?? newest ?? related.findLast(({ command }) => command === "ADD") ?? related.at(-1)
}

/** Explains what happened in an operation, why, and what followed. */
export function explain(operation: Operation, context: ExplainContext): Explanation {
  const { list, nowMs } = context
  const isProblem = hasProblem(operation, list, nowMs)
  const failing = failingCallOf(operation)
  const statements = isProblem
    ? [
        ...causeOf(operation, failing),
        ...neverRan(operation, failing, list),
        ...runtimeError(operation),
        ...discardedStderr(operation),
        ...leftBehind(operation, context),
        ...attemptsSince(operation, context),
        ...nextSteps(operation, failing, list),
      ]
    : [
        ...summaryOf(operation, context),
        ...leakedBefore(operation, context),
        ...findingsOf(context),
        ...nextStepsAfterSuccess(operation, context),
      ]
  return {
    operation: operation.id,
    hasProblem: isProblem,
    headline: headline(operation, isProblem, nowMs),
    statements: statements.slice(0, 9),
  }
}

/** Time after which the runtime has certainly called the next plugin of a list. */
const NEXT_CALL_MS = 5_000

function hasProblem(operation: Operation, list: PluginList | undefined, nowMs: number): boolean {
  return (
    operation.outcome !== "ok" ||
    operation.calls.some(({ call }) => reportOf(call).kind === "failure" || reportOf(call).kind === "empty-success") ||
    (missingPlugins(operation, list).length > 0 &&
      nowMs - operation.wallMs - (operation.durationMs ?? 0) > NEXT_CALL_MS)
  )
}

function headline(operation: Operation, isProblem: boolean, nowMs: number): string {
  const { command, outcome, outcomeReason, durationMs, wallMs, calls } = operation
  const subject = `${command} ${podName(operation)}`.trim()
  const when = `${age(wallMs, nowMs)} ago`
  if (!isProblem) return `${subject} succeeded ${when}, in ${duration(durationMs)}`
  if (outcome === "running") return `${subject} is still running after ${duration(nowMs - wallMs)}`
  if (outcome === "killed") return `${subject} was killed before it ended (began ${when})`
  if (outcome === "unknown") return `${subject} has no recorded end (began ${when})`
  if (outcomeReason?.kind === "unreadable")
    return `${subject} failed ${when}: every plugin exited with 0, but the runtime cannot parse the output of one`
  if (calls.some(({ call }) => reportOf(call).kind === "empty-success"))
    return `${subject} was reported to the runtime as success ${when}, but a plugin returned an error`
  if (outcomeReason && outcomeReason.kind !== "plugin-failed")
    return `${subject} failed ${when}: ${reasonText(outcomeReason)}`
  if (outcome === "failed") return `${subject} failed ${when}, after ${duration(durationMs)}`
  const isProbed = calls.every(({ call }) => call.as === "probe")
  return isProbed
    ? `${subject} did not complete (began ${when})`
    : `${subject} stopped early ${when}: no plugin failed, but not every plugin of the list was called`
}
