import type { OperationSummary } from "../../../model/packed-operations.ts"
import { timeOfDay } from "../../parts/clock.ts"
import { OUTCOME_WORDS, OutcomeMark } from "../../parts/marks/outcome.tsx"
import { minuteMs } from "../../state/now.ts"

/** The head of several operations: what they have in common, and how they ended. */
export function GroupRow({
  title,
  operations,
  isOpen,
}: {
  title: string
  operations: readonly OperationSummary[]
  isOpen: boolean
}) {
  const newest = operations[0]
  return (
    <>
      <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span>
      {newest && <OutcomeMark outcome={newest.outcome} />}
      <b class="nowrap">{title}</b>
      <span class="said nowrap dim">{contentOf(operations)}</span>
      <span class="time mono dim">{newest && timeOfDay(newest.wallMs, minuteMs.value)}</span>
    </>
  )
}

/** `5 × ADD failed, 5 × DEL`: the most frequent first. */
export function contentOf(operations: readonly OperationSummary[]): string {
  const counts = new Map<string, number>()
  for (const { command, outcome } of operations) {
    const what = outcome === "ok" ? command : `${command} ${OUTCOME_WORDS[outcome]}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([what, count]) => `${count} × ${what}`)
    .join(", ")
}
