import { type CallFacts, type CallRule, text } from "./call-facts.ts"
import type { CallHit } from "./finding.ts"
import { spec } from "./rule-source.ts"

/** 8 is libcni's own (invalid network namespace); 11 asks the runtime to try again; 50 and 51 answer STATUS. */
const KNOWN_CODES = [1, 2, 3, 4, 5, 6, 7, 8, 11, 50, 51]

/** Error objects that plugins answer with. */
export const ERROR_RULES: CallRule[] = [
  {
    id: "error-code-missing",
    severity: "error",
    title: "an error without a numeric code",
    source: spec("5, Error"),
    remedy: "Give `code` a number, 100 or above for the plugin's own errors.",
    check: (facts) =>
      failedWith(facts, ({ code }) =>
        isCode(code) ? undefined : `code is ${code === undefined ? "missing" : text(code)}`,
      ),
  },
  {
    id: "error-code-zero",
    severity: "error",
    title: "an error with code 0",
    source: spec("5, Error"),
    remedy: "Give `code` another number than 0: libcni takes 0 for an error that it could not read.",
    check: (facts) => failedWith(facts, ({ code }) => (code === 0 ? "code is 0" : undefined)),
  },
  {
    id: "error-code-reserved",
    severity: "warning",
    title: "an error code that the specification reserves and does not define",
    source: spec("5, Error"),
    remedy: "Use 100 or above for the plugin's own errors.",
    check: (facts) =>
      failedWith(facts, ({ code }) =>
        isCode(code) && code !== 0 && code < 100 && !KNOWN_CODES.includes(code) ? `code is ${code}` : undefined,
      ),
  },
  {
    id: "error-code-of-status",
    severity: "warning",
    title: "an error code of STATUS in the answer to another command",
    source: spec("2, STATUS"),
    remedy: "Use 50 and 51 for STATUS only.",
    check: (facts) =>
      failedWith(facts, ({ code }) =>
        (code === 50 || code === 51) && facts.call.command !== "STATUS" ? `code is ${code}` : undefined,
      ),
  },
  {
    id: "error-without-msg",
    severity: "error",
    title: "an error without a message",
    source: spec("5, Error"),
    remedy: "Say in `msg` what failed: it is the one thing that reaches the pod's events.",
    check: (facts) =>
      failedWith(facts, ({ msg }) =>
        typeof msg === "string" && msg.trim() !== "" ? undefined : `msg is ${msg === undefined ? "missing" : "empty"}`,
      ),
  },
]

function failedWith(facts: CallFacts, detailOf: (error: Record<string, unknown>) => string | undefined): CallHit[] {
  if (!facts.isFailed || !facts.error) return []
  const detail = detailOf(facts.error)
  const at = facts.pieces.find((piece) => piece.kind === "json" && piece.value === facts.error)?.from ?? 0
  return detail === undefined ? [] : [{ detail, stream: "stdout", at }]
}

function isCode(code: unknown): code is number {
  return typeof code === "number" && Number.isInteger(code) && code >= 0
}
