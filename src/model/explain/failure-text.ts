import { exitText } from "../format.ts"
import type { Operation } from "../operation.ts"
import { reasonText } from "../outcome.ts"
import { errorOf, errorTextOf } from "./error-text.ts"
import { failingCallOf } from "./failing-call.ts"

/**
 * `host-local: no IP addresses available in range set (code 999, exit 1)`: why an operation with streams failed, in full.
 * Undefined if it did not, or if the call that it failed in has no end.
 */
export function failureText(operation: Operation): string | undefined {
  const { outcome, outcomeReason } = operation
  const call = failingCallOf(operation)?.call
  if (outcome !== "failed") return undefined
  const text = call && errorTextOf(call)
  const code = call && errorOf(call)?.code
  const facts = [typeof code === "number" && `code ${code}`, call?.exit && exitText(call.exit)].filter(Boolean)
  if (outcomeReason && outcomeReason.kind !== "plugin-failed")
    return outcomeReason.kind === "error-object" && text
      ? `${reasonText(outcomeReason)}: ${text}`
      : reasonText(outcomeReason)
  if (call?.state !== "ended") return undefined
  return text ? `${call.plugin}: ${text} (${facts.join(", ")})` : `${call.plugin}: ${exitText(call.exit)}`
}
