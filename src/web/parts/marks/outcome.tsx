import type { Outcome } from "../../../model/outcome.ts"
import "./outcome.css"

/** Each outcome has its own shape, so that colour is not needed to distinguish them. */
type OutcomeShape = Outcome | "gone"

const SHAPES: Record<OutcomeShape, string> = {
  ok: "M4 8.5l2.8 2.8L12.2 5",
  failed: "M4.6 4.6l6.8 6.8M11.4 4.6l-6.8 6.8",
  running: "M8 4.2v4l2.6 1.6",
  killed: "M4.4 11.6l7.2-7.2",
  gone: "M5 8h6",
  unknown: "M6.2 6.2a1.9 1.9 0 1 1 2.6 1.8c-.5.2-.8.5-.8 1v.3M8 11.6v.1",
}

export const OUTCOME_WORDS: Record<OutcomeShape, string> = {
  ok: "ok",
  failed: "failed",
  running: "in flight",
  killed: "killed",
  gone: "torn down",
  unknown: "no end recorded",
}

export function OutcomeMark({ outcome }: { outcome: OutcomeShape }) {
  return (
    <svg class={`outcome ${outcome}`} viewBox="0 0 16 16" role="img" aria-label={OUTCOME_WORDS[outcome]}>
      <title>{OUTCOME_WORDS[outcome]}</title>
      {outcome !== "ok" && <circle cx="8" cy="8" r="6.6" />}
      <path d={SHAPES[outcome]} />
    </svg>
  )
}
