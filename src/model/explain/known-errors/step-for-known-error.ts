import { type Call, textOf } from "../../call.ts"
import { errorTextOf, mostRelevantLine } from "../error-text.ts"
import type { ExplainContext } from "../statement.ts"
import { ADDRESS_ERRORS } from "./address-errors.ts"
import { CONFIGURATION_ERRORS } from "./configuration-errors.ts"
import type { KnownError } from "./known-error.ts"
import { NODE_ERRORS } from "./node-errors.ts"
import { SERVICE_ERRORS } from "./service-errors.ts"

/** What to do about an error that a failing call states, if it is well-known. */
export function stepForKnownError(call: Call, context: ExplainContext): string | undefined {
  const text = `${errorTextOf(call) ?? ""} ${mostRelevantLine(textOf(call.stderr)) ?? ""}`
  for (const { pattern, step } of KNOWN_ERRORS) {
    const found = pattern.exec(text)
    if (found)
      return step(
        call,
        Array.from(found, (group = "") => group),
        context,
      )
  }
  return undefined
}

/** The first that matches counts: errors that name their cause come before those that any system call may return. */
const KNOWN_ERRORS: readonly KnownError[] = [
  ...CONFIGURATION_ERRORS,
  ...ADDRESS_ERRORS,
  ...SERVICE_ERRORS,
  ...NODE_ERRORS,
]
