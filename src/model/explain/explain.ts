import { age, duration, podName } from "../format.ts"
import type { Operation } from "../operation.ts"
import { reportOf } from "../result/runtime-report.ts"
import { leftBehind, nextSteps, sinceThen } from "./aftermath.ts"
import { causeOf, culpritOf, discardedStderr, missingPlugins, neverRan, runtimeReport } from "./cause.ts"
import type { PluginList } from "./plugin-lists.ts"
import type { ExplainContext, Explanation } from "./statement.ts"
import { findingsOf, leakedBefore, nextStepsAfterSuccess, summaryOf } from "./summary.ts"

/** The operation that a pod's trouble is about: the newest that went wrong; where none did, the newest. */
export function operationToExplain(
  related: readonly Operation[],
  listOf: (operation: Operation) => PluginList | undefined,
  nowMs: number,
): Operation | undefined {
  const isWrong = (operation: Operation) => isTrouble(operation, listOf(operation), nowMs)
  const newest = related.findLast(isWrong)
  // The runtime tears down what could not be set up: where that fails too, the ADD is still where it began.
  const beginning =
    newest?.command === "DEL" && newest.outcome !== "running"
      ? related.findLast(
          (operation) =>
            operation.command === "ADD" && operation.containerId === newest.containerId && isWrong(operation),
        )
      : undefined
  return beginning ?? newest ?? related.findLast(({ command }) => command === "ADD") ?? related.at(-1)
}

/** Says in plain words what happened in an operation, why, and what came of it. */
export function explain(operation: Operation, around: ExplainContext): Explanation {
  const { list, nowMs } = around
  const hasProblem = isTrouble(operation, list, nowMs)
  const culprit = culpritOf(operation)
  const told = hasProblem
    ? [
        ...causeOf(operation, culprit),
        ...neverRan(operation, culprit, list),
        ...runtimeReport(operation),
        ...discardedStderr(operation),
        ...leftBehind(operation, around),
        ...sinceThen(operation, around),
        ...nextSteps(operation, culprit, list),
      ]
    : [
        ...summaryOf(operation, around),
        ...leakedBefore(operation, around),
        ...findingsOf(around),
        ...nextStepsAfterSuccess(operation, around),
      ]
  return {
    operation: operation.id,
    hasProblem,
    headline: headline(operation, hasProblem, nowMs),
    statements: told.slice(0, 9),
  }
}

/** Time in which the next call of a list has certainly begun. */
const SETTLED_MS = 5_000

function isTrouble(operation: Operation, list: PluginList | undefined, nowMs: number): boolean {
  return (
    operation.outcome !== "ok" ||
    operation.calls.some(({ call }) => reportOf(call).kind === "failure" || reportOf(call).kind === "empty-success") ||
    (missingPlugins(operation, list).length > 0 && nowMs - operation.wallMs - (operation.durationMs ?? 0) > SETTLED_MS)
  )
}

function headline(operation: Operation, isWrong: boolean, nowMs: number): string {
  const { command, outcome, durationMs, wallMs, calls } = operation
  const who = `${command} ${podName(operation)}`.trim()
  const when = `${age(wallMs, nowMs)} ago`
  if (!isWrong) return `${who}: nothing is wrong with it (${when}, took ${duration(durationMs)})`
  if (outcome === "running") return `${who} is still running, after ${duration(nowMs - wallMs)}`
  if (outcome === "killed") return `${who} was killed before it ended (${when})`
  if (outcome === "unknown") return `${who} has no recorded end (${when})`
  if (outcome === "failed") return `${who} failed ${when}, after ${duration(durationMs)}`
  if (calls.some(({ call }) => reportOf(call).kind === "failure"))
    return `${who} failed ${when}: every plugin exited with 0, and the runtime cannot read an answer`
  if (calls.some(({ call }) => reportOf(call).kind === "empty-success"))
    return `${who} looks well to the runtime and is not (${when})`
  const isProbed = calls.every(({ call }) => call.as === "probe")
  return isProbed ? `${who} did not come to its end (${when})` : `${who} stopped early (${when}), and no plugin failed`
}
