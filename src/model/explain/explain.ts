import type { Operation } from "../operation.ts"
import { attempts, failedCleanup, lastSince, leftBehind, poolUse, removedTwice } from "./aftermath.ts"
import { causeOf } from "./cause.ts"
import { type Conclusion, concludeFrom } from "./conclusion.ts"
import { failingCallOf } from "./failing-call.ts"
import { headline } from "./headline.ts"
import { hostNetwork } from "./host-network.ts"
import { lost, neverRan, notRecorded } from "./never-ran.ts"
import { nextStep } from "./next-step.ts"
import { concurrentDel } from "./related-operations.ts"
import { heldAddress } from "./requested-address.ts"
import { discardedStderr, runtimeError } from "./runtime-error.ts"
import type { ExplainContext, Explanation } from "./statement.ts"
import { findingsAboutInput, findingsOf, leakedBefore, listed, summaryOf } from "./summary.ts"
import { comparedWithGood } from "./worked-before.ts"

/**
 * The operation to explain for a pod: the newest that failed or hangs; otherwise the newest that succeeded with a problem;
 * otherwise the newest ADD.
 */
export function operationToExplain(
  related: readonly Operation[],
  contextOf: (operation: Operation) => ExplainContext,
): Operation | undefined {
  const isProblem = (operation: Operation) => concludeFrom(operation, contextOf(operation)).kind !== "ok"
  const isFailure = (operation: Operation) => !isWithoutFailure(concludeFrom(operation, contextOf(operation)))
  const newest = related.findLast(isFailure) ?? related.findLast(isProblem)
  // After a failed ADD the runtime calls DEL, which may fail too: the ADD is still the cause.
  const failedAdd =
    newest?.command === "DEL" && newest.outcome !== "running"
      ? related.findLast(
          (operation) =>
            operation.command === "ADD" && operation.containerId === newest.containerId && isFailure(operation),
        )
      : undefined
  return failedAdd ?? newest ?? related.findLast(({ command }) => command === "ADD") ?? related.at(-1)
}

/** Explains what happened in an operation, why, and what followed. */
export function explain(operation: Operation, context: ExplainContext): Explanation {
  const conclusion = concludeFrom(operation, context)
  const failing = failingCallOf(operation)
  // Then neither its input nor how often it was tried is the cause.
  const isTwice = concurrentDel(operation, context) !== undefined
  const statements = isWithoutFailure(conclusion)
    ? [
        ...hostNetwork(operation, context),
        ...summaryOf(operation, context),
        ...findingsOf(conclusion, context),
        ...notRecorded(context),
        ...lost(context),
        ...leakedBefore(operation, context),
        ...lastSince(operation, context),
        ...attempts(operation, conclusion, context),
      ]
    : [
        ...hostNetwork(operation, context),
        ...causeOf(operation, failing, context),
        ...removedTwice(operation, context),
        ...neverRan(operation, failing, context),
        ...lost(context),
        ...runtimeError(operation),
        ...discardedStderr(operation),
        ...(conclusion.kind === "refused" ? findingsOf(conclusion, context, failing?.call) : []),
        ...(conclusion.kind === "failed" && failing ? listed(findingsAboutInput(failing.call, context)) : []),
        ...(conclusion.kind === "failed" && failing && !isTwice ? comparedWithGood(failing, context) : []),
        ...poolUse(context),
        ...heldAddress(operation, context),
        ...failedCleanup(operation, context),
        ...leftBehind(operation, conclusion, context),
        ...(isTwice ? [] : attempts(operation, conclusion, context)),
      ]
  return {
    operation: operation.id,
    hasProblem: conclusion.kind !== "ok",
    headline: headline(operation, conclusion, failing, context),
    statements: [...statements.slice(0, MAX_STATEMENTS - 1), ...nextStep(operation, conclusion, failing, context)],
  }
}

const MAX_STATEMENTS = 9

function isWithoutFailure({ kind }: Conclusion): boolean {
  return SUCCESSES.includes(kind)
}

/** Every plugin exited with 0, and the runtime accepted the answers. */
const SUCCESSES: readonly Conclusion["kind"][] = ["ok", "slow", "wrong", "given-up", "shared-address", "host-network"]
