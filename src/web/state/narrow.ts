import { bracketed } from "../../model/filter/bracketed.ts"

/** The outcome that a chip has put before a filter, and the rest of it. */
export function outcomeIn(q: string): { outcome: string; rest: string } {
  const [, outcome = "", rest = ""] = /^(outcome=(?:failed|running|killed))(?: and (.*))?$/s.exec(q) ?? [q, "", q]
  return { outcome, rest }
}

/** Two conditions that must both hold, either of which may be empty. */
export function narrowed(condition: string, rest: string): string {
  return [condition, condition ? bracketed(rest) : rest].filter(Boolean).join(" and ")
}

/** The filter with another condition; the outcome of a chip stays in front. */
export function withCondition(q: string, condition: string): string {
  if (q.includes(condition)) return q
  const { outcome, rest } = outcomeIn(q)
  return narrowed(outcome, narrowed(condition, rest))
}
