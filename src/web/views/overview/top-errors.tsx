import { timeOfDay } from "../../parts/clock.ts"
import { countText } from "../../parts/count-text.ts"
import { errorFilter, errorGroups, type TimedErrorGroup } from "../../state/errors.ts"
import { minuteMs } from "../../state/now.ts"
import { link, NOTHING_OPEN } from "../../state/route.ts"
import { settled } from "../../state/settled.ts"
import "./top-errors.css"

const SHOWN = 8

/** Failures by message, the most frequent first, each with the filter that lists them. */
export function TopErrors() {
  const groups = errorGroups.value
  if (groups.length === 0) return null
  return (
    <section class="sandbox" aria-label="top errors">
      <header>
        <h2>Top errors</h2>
        <span class="dim">
          {groups.length === 1 ? "1 message" : `${groups.length} messages`}; what differs from pod to pod is left out
        </span>
      </header>
      <ul class="summary errors">
        {groups.slice(0, SHOWN).map((group) => (
          <li key={group.message}>
            <a href={link({ view: "operations", ...NOTHING_OPEN, panel: "calls", q: errorFilter(group) })}>
              <b class="count">{countText(group.count)}</b>
              <span class="message">
                <b>{group.plugins.join(", ")}</b> {group.message}
              </span>
              <span class="dim">
                {group.commands.join(", ")} of {group.pods === 1 ? "1 pod" : `${group.pods} pods`}, {periodOf(group)}
              </span>
              <Sparkline times={group.times} />
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

function periodOf({ firstMs, lastMs }: TimedErrorGroup): string {
  const [first, last] = [timeOfDay(firstMs, minuteMs.value), timeOfDay(lastMs, minuteMs.value)]
  return first === last ? first : `${first} to ${last}`
}

const BINS = 60

/** How often over the time of the whole capture. */
function Sparkline({ times }: { times: readonly number[] }) {
  const all = settled.value
  const fromMs = all[0]?.wallMs ?? 0
  const spanMs = Math.max(1, (all.at(-1)?.wallMs ?? 0) - fromMs)
  const counts = new Array<number>(BINS).fill(0)
  for (const ms of times) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((BINS * (ms - fromMs)) / spanMs)))
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  const most = Math.max(...counts)
  const bars = counts.flatMap((count, at) =>
    count > 0 ? `M${at} 12v-${Math.max(2, (12 * count) / most).toFixed(1)}h.8V12z` : [],
  )
  return (
    <svg class="sparkline" viewBox={`0 0 ${BINS} 13`} preserveAspectRatio="none" aria-hidden="true">
      <path d={bars.join("")} />
      <path class="base" d={`M0 12.5h${BINS}`} />
    </svg>
  )
}
