import { useMemo } from "preact/hooks"
import { binOperations } from "../../../model/statistics/time-bins.ts"
import { nowMs } from "../../state/now.ts"
import { settled, settledAll } from "../../state/settled.ts"
import type { AxisRange } from "../../state/time-axis.ts"
import { timeOfDay } from "../clock.ts"

const BIN_PX = 4
const BARS_PX = 22
const LANE_PX = 6
export const HEIGHT_PX = BARS_PX + LANE_PX
const LEAST_BAR_PX = 2

/** How many operations began when, those that match the filter in colour; below, which of them failed, were killed or hang. */
export function Density({ range, widthPx }: { range: AxisRange; widthPx: number }) {
  const [all, shown] = [settledAll.value, settled.value]
  const { fromMs, toMs } = range
  const most = Math.max(Math.floor(widthPx / BIN_PX), 1)
  const [bins, matching] = useMemo(() => {
    const within = { fromMs, toMs, nowMs: nowMs.peek() }
    const every = binOperations(all, within, most)
    return [every, shown.length === all.length ? every : binOperations(shown, within, most)]
  }, [all, shown, fromMs, toMs, most])
  const x = (ms: number) => ((ms - fromMs) / (toMs - fromMs)) * widthPx
  const stepPx = (bins.stepMs / (toMs - fromMs)) * widthPx
  const gapPx = stepPx > 3 ? 1 : 0
  const highest = Math.max(...bins.all, 1)
  // The root keeps a single operation visible beside hundreds.
  const height = (count: number) =>
    count === 0 ? 0 : Math.max(Math.sqrt(count / highest) * (BARS_PX - 2), LEAST_BAR_PX)
  const bars = (counts: number[], heightOf: (count: number) => number, base: number) =>
    counts
      .map((count, at) => {
        if (count === 0) return ""
        const left = x(bins.startMs + at * bins.stepMs).toFixed(1)
        return `M${left} ${base}v${-heightOf(count).toFixed(1)}h${Math.max(stepPx - gapPx, 1.5).toFixed(1)}V${base}z`
      })
      .join("")
  const lane = (counts: number[]) => bars(counts, () => LANE_PX - 1, HEIGHT_PX)
  const diamonds = matching.killed
    .map((count, at) =>
      count === 0
        ? ""
        : `M${(x(bins.startMs + (at + 0.5) * bins.stepMs) - 3).toFixed(1)} ${HEIGHT_PX - 3}l3 -3l3 3l-3 3z`,
    )
    .join("")
  const hungSince = matching.hungSinceMs[0]
  return (
    <svg class="density" width={widthPx} height={HEIGHT_PX} role="img" aria-label={labelOf(matching, range)}>
      <path class="all" d={bars(bins.all, height, BARS_PX)} />
      <path class="matching" d={bars(matching.all, height, BARS_PX)} />
      {hungSince !== undefined && (
        <rect
          class="hung"
          x={Math.max(x(hungSince), 0)}
          y={HEIGHT_PX - 4}
          width={Math.max(x(nowMs.value) - Math.max(x(hungSince), 0), 2)}
          height={3}
        />
      )}
      <path class="failed" d={lane(matching.failed)} />
      <path class="killed" d={diamonds} />
    </svg>
  )
}

function labelOf(
  bins: { all: number[]; failed: number[]; killed: number[]; hungSinceMs: number[] },
  range: AxisRange,
): string {
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0)
  const time = (ms: number) => timeOfDay(ms, nowMs.peek())
  return `${sum(bins.all)} operations from ${time(range.fromMs)} to ${time(range.toMs)}: ${sum(bins.failed)} failed, ${sum(bins.killed)} killed, ${bins.hungSinceMs.length} hung`
}
