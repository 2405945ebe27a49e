import { operations } from "../../state/capture.ts"
import { review } from "../../state/review.ts"

/** How far the capture was looked through, until it was. */
export function Reviewing() {
  const answer = review.value
  if (answer?.isComplete) return null
  const all = Math.max(operations.value.length, 1)
  const percent = Math.min(99, Math.floor((100 * (answer?.checked ?? 0)) / all))
  return (
    <span class="dim" role="progressbar" aria-valuenow={percent} aria-label="looking through the capture">
      looking through the capture: {percent} %
    </span>
  )
}
