import { isAway, operations } from "../../state/capture.ts"
import { review } from "../../state/review.ts"
import { route } from "../../state/route.ts"

/** Progress of the review, until it is complete; then what it is of, because lists of operations obey the filter. */
export function Reviewing() {
  const answer = review.value
  if (answer?.isComplete)
    return route.value.q.trim() ? <span class="dim">of the whole capture, not only of the filter</span> : null
  if (isAway.value) return <span class="dim">the server is not responding: not all is checked</span>
  const all = Math.max(operations.value.length, 1)
  const percent = Math.min(99, Math.floor((100 * (answer?.checked ?? 0)) / all))
  return (
    <span class="dim" role="progressbar" aria-valuenow={percent} aria-label="checking the capture">
      checking the capture: {percent} %
    </span>
  )
}
