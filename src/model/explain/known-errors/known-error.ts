import type { Call } from "../../call.ts"
import type { ExplainContext } from "../statement.ts"

/**
 * An error that plugins of many vendors report in the same words, and what to do about it. `found`: the match of `pattern`,
 * with an empty string for a group that did not take part.
 */
export type KnownError = {
  pattern: RegExp
  step: (call: Call, found: readonly string[], context: ExplainContext) => string
}

/** When a call began, as logs of the node have it. */
export function clock({ wallMs }: Call): string {
  return `${new Date(wallMs).toISOString().slice(11, 19)}Z`
}
