import { computed } from "@preact/signals"
import { roundUp } from "../../model/statistics/time-bins.ts"
import { quantile } from "../../model/statistics/timeline.ts"
import { settled } from "./settled.ts"

const SHARE = 0.95

/** The duration that fills the bar of a row: of what is shown, only the slowest are longer. So bars of rows compare. */
export const barScaleMs = computed(() => {
  const durations = Float64Array.from(settled.value.flatMap(({ durationMs }) => durationMs ?? [])).sort()
  return roundUp(quantile(durations, SHARE) ?? 1)
})
