import { type CallFacts, type CallRule, text } from "../call-facts.ts"
import type { CallHit } from "../finding.ts"
import { spec } from "../rule-source.ts"

/** 8 is libcni's own (invalid network namespace), 11 asks the runtime to try again, 50 and 51 are for STATUS. */
const DEFINED_CODES = [1, 2, 3, 4, 5, 6, 7, 8, 11, 50, 51]

/** Error objects in the output of failed calls. */
export const ERROR_RULES: CallRule[] = [
  {
    id: "error-code-missing",
    severity: "error",
    title: "error object without a numeric code",
    source: spec("5, Error"),
    remedy: "Set `code` to a number; use 100 or above for plugin-specific errors.",
    check: (facts) =>
      errorHits(facts, ({ code }) =>
        isCode(code) ? undefined : `code is ${code === undefined ? "missing" : text(code)}`,
      ),
  },
  {
    id: "error-code-zero",
    severity: "error",
    title: "error object with code 0",
    source: spec("5, Error"),
    remedy: "Set `code` to a non-zero number: libcni treats 0 as an error that it could not parse.",
    check: (facts) => errorHits(facts, ({ code }) => (code === 0 ? "code is 0" : undefined)),
  },
  {
    id: "error-code-reserved",
    severity: "warning",
    title: "reserved error code that the specification does not define",
    source: spec("5, Error"),
    remedy: "Use 100 or above for plugin-specific errors.",
    check: (facts) =>
      errorHits(facts, ({ code }) =>
        isCode(code) && code !== 0 && code < 100 && !DEFINED_CODES.includes(code) ? `code is ${code}` : undefined,
      ),
  },
  {
    id: "error-code-of-status",
    severity: "warning",
    title: "error code of STATUS in the reply to another command",
    source: spec("2, STATUS"),
    remedy: "Use codes 50 and 51 for STATUS only.",
    check: (facts) =>
      errorHits(facts, ({ code }) =>
        (code === 50 || code === 51) && facts.call.command !== "STATUS" ? `code is ${code}` : undefined,
      ),
  },
  {
    id: "error-without-msg",
    severity: "error",
    title: "error object without a message",
    source: spec("5, Error"),
    remedy: "Describe in `msg` what failed: it is the only text that reaches the pod's Events.",
    check: (facts) =>
      errorHits(facts, ({ msg }) =>
        typeof msg === "string" && msg.trim() !== "" ? undefined : `msg is ${msg === undefined ? "missing" : "empty"}`,
      ),
  },
]

/** `detailOf` returns undefined if the error object is as it should be. */
function errorHits(facts: CallFacts, detailOf: (error: Record<string, unknown>) => string | undefined): CallHit[] {
  if (!facts.isFailed || !facts.error || isPassedOn(facts)) return []
  const detail = detailOf(facts.error)
  const at = facts.pieces.find((piece) => piece.kind === "json" && piece.value === facts.error)?.from ?? 0
  return detail === undefined ? [] : [{ detail, stream: "stdout", at }]
}

/** Whether a plugin passes on the error of one that it called, which has the finding. */
function isPassedOn({ error, children }: CallFacts): boolean {
  return children.some((child) => child.isFailed && child.error !== undefined && child.error.msg === error?.msg)
}

function isCode(code: unknown): code is number {
  return typeof code === "number" && Number.isInteger(code) && code >= 0
}
