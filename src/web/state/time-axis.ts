import { computed, signal } from "@preact/signals"
import { type TimeRange, timeRangeOf, withTimeRange } from "../../model/filter/time-range.ts"
import { instantText } from "../../model/time.ts"
import { isReady, source } from "./capture.ts"
import { nowMs } from "./now.ts"
import { offsetMs } from "./preferences/time-zone.ts"
import { pausedMs } from "./query.ts"
import { go, route } from "./route.ts"
import { settledAll } from "./settled.ts"

/** Milliseconds since 1970. */
export type AxisRange = { fromMs: number; toMs: number }

const LEAST_SPAN_MS = 10
const MARGIN = 0.01

/** The part of the axis that is shown. Without an end it ends now. Undefined: all of it. */
const zoom = signal<{ spanMs: number; toMs?: number } | undefined>(undefined)

export const isZoomed = computed(() => zoom.value !== undefined)

/** Where the axis ends: now, if calls may still be recorded; else where the last operation ends. */
const endMs = computed(() => {
  const last = settledAll.value.at(-1)
  const lastMs = last ? last.wallMs + (last.durationMs ?? 0) : 0
  return source.value?.isLive ? Math.max(lastMs, pausedMs.value ?? nowMs.value) : lastMs
})

/** From the first operation to the last, or to now. Undefined as long as there are none. */
const whole = computed((): AxisRange | undefined => {
  const first = settledAll.value[0]
  if (!first) return undefined
  const toMs = Math.max(endMs.value, first.wallMs + LEAST_SPAN_MS)
  const marginMs = (toMs - first.wallMs) * MARGIN
  return { fromMs: first.wallMs - marginMs, toMs: toMs + marginMs }
})

/** What the time strip shows. */
export const axis = computed((): AxisRange | undefined => {
  const all = whole.value
  if (!all || !zoom.value) return all
  const { spanMs, toMs = endMs.value + spanMs * MARGIN } = zoom.value
  return { fromMs: toMs - spanMs, toMs }
})

/** Whether the axis and the filter leave out what happens now. */
export const isNowHidden = computed(
  () =>
    source.value?.isLive === true &&
    isReady.value &&
    (zoom.value?.toMs !== undefined || (limits.value.untilMs ?? Number.POSITIVE_INFINITY) < nowMs.value),
)

/** The limits that the filter sets. Durations such as `since=10m` count back from now. */
export const limits = computed(() => timeRangeOf(route.value.q, nowMs.value))

export function showRange({ fromMs, toMs }: AxisRange): void {
  zoom.value = { spanMs: Math.max(toMs - fromMs, LEAST_SPAN_MS), toMs }
}

export function showAll(): void {
  zoom.value = undefined
}

/** Zooms by a factor around a time that stays where it is; zooming out as far as everything shows everything. */
export function zoomBy(factor: number, aroundMs?: number): void {
  const from = axis.peek()
  const all = whole.peek()
  if (!from || !all) return
  const spanMs = (from.toMs - from.fromMs) / factor
  if (spanMs >= all.toMs - all.fromMs) {
    showAll()
    return
  }
  const around = aroundMs ?? (from.fromMs + from.toMs) / 2
  const toMs = around + (from.toMs - around) / factor
  const latestMs = Math.max(all.toMs, all.fromMs + spanMs)
  const shownMs = Math.min(Math.max(toMs, all.fromMs + spanMs), latestMs)
  zoom.value = { spanMs: Math.max(spanMs, LEAST_SPAN_MS), toMs: shownMs }
}

/** The axis ends now again, and so does the filter. */
export function showNow(): void {
  if (zoom.value) zoom.value = { spanMs: zoom.value.spanMs }
  const { sinceMs } = limits.peek()
  limitTo(sinceMs === undefined ? {} : { sinceMs }, "push")
}

/** Writes the limits into the filter, to the millisecond and with the zone, so that it means the same in every time zone. */
export function limitTo({ sinceMs, untilMs }: TimeRange, how: "push" | "replace"): void {
  const format = (ms: number) => instantText(ms, offsetMs(ms)).replace(".000", "")
  const range = {
    ...(sinceMs === undefined ? {} : { sinceMs: Math.floor(sinceMs) }),
    ...(untilMs === undefined ? {} : { untilMs: Math.ceil(untilMs) }),
  }
  go({ q: withTimeRange(route.peek().q, range, format, nowMs.peek()) }, how)
}
