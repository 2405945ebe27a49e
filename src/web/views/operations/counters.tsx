import { countText } from "../../parts/count-text.ts"
import { tallyOf } from "../../state/capture.ts"
import { narrowed, outcomeIn } from "../../state/narrow.ts"
import { ofAnyOutcome } from "../../state/query.ts"
import { go, route } from "../../state/route.ts"

/** Number of operations that match the filter by outcome; each is a filter, and keeps the rest of the filter. */
export function Counters() {
  const { all, failed, running, killed } = tallyOf(ofAnyOutcome.value)
  const { outcome, rest } = outcomeIn(route.value.q)
  const kinds = [
    { title: "all", count: all, filter: "" },
    { title: "failed", count: failed, filter: "outcome=failed" },
    { title: "in flight", count: running, filter: "outcome=running" },
    { title: "killed", count: killed, filter: "outcome=killed" },
  ]
  return (
    <fieldset class="counters" aria-label="outcomes">
      {kinds.map(({ title, count, filter }) => (
        <button
          key={title}
          type="button"
          class={`counter ${title.replace(" ", "-")} ${count > 0 ? "some" : ""}`}
          aria-pressed={outcome === filter}
          onClick={() => go({ q: narrowed(filter, rest) })}
        >
          {title} <b>{countText(count)}</b>
        </button>
      ))}
    </fieldset>
  )
}
