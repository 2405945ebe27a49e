import type { TimeRange } from "../../../model/filter/time-range.ts"
import { roundStep } from "../../../model/statistics/time-bins.ts"
import { nowMs } from "../../state/now.ts"
import { type AxisRange, limits, limitTo, zoomBy } from "../../state/time-axis.ts"
import { timeOfDay } from "../clock.ts"
import { drag } from "./drag.ts"

/** A key moves an edge by about this share of the axis; with Shift by ten of them. */
const KEY_STEPS = 100

/** One edge of the brush: it is dragged, or moved by keys. Without a limit it waits at its end of the axis. */
export function BrushEdge({
  name,
  ms,
  range,
  timeAt,
  onDrag,
}: {
  name: "since" | "until"
  ms: number | undefined
  range: AxisRange
  timeAt(clientX: number): number
  onDrag(draft: AxisRange | undefined): void
}) {
  const { fromMs, toMs } = range
  const at = Math.min(Math.max(ms ?? (name === "since" ? fromMs : toMs), fromMs), toMs)
  const moved = (wallMs: number): AxisRange => {
    const { sinceMs = fromMs, untilMs = toMs } = limits.peek()
    return name === "since"
      ? { fromMs: Math.min(wallMs, untilMs), toMs: untilMs }
      : { fromMs: sinceMs, toMs: Math.max(wallMs, sinceMs) }
  }
  const set = (wallMs: number | undefined, how: "push" | "replace") => {
    const other = name === "since" ? limits.peek().untilMs : limits.peek().sinceMs
    const next = wallMs === undefined ? undefined : moved(wallMs)
    limitTo(rangeOf(name === "since" ? next?.fromMs : other, name === "since" ? other : next?.toMs), how)
  }
  return (
    <div
      class={`strip-edge ${name} ${ms === undefined ? "free" : ""}`}
      style={{ left: `${(100 * (at - fromMs)) / (toMs - fromMs)}%` }}
      role="slider"
      tabIndex={0}
      aria-label={name}
      aria-valuemin={Math.floor(fromMs)}
      aria-valuemax={Math.ceil(toMs)}
      aria-valuenow={Math.round(at)}
      aria-valuetext={ms === undefined ? "no limit" : timeOfDay(ms, nowMs.peek())}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        let dragged: number | undefined
        drag(event, {
          moved(clientX) {
            dragged = timeAt(clientX)
            onDrag(moved(dragged))
          },
          ended(isReleased) {
            onDrag(undefined)
            if (dragged !== undefined && isReleased) set(dragged, "push")
          },
        })
      }}
      onKeyDown={(event) => {
        const step = roundStep(toMs - fromMs, KEY_STEPS) * (event.shiftKey ? 10 : 1)
        if (event.key === "ArrowLeft" || event.key === "ArrowDown") set(at - step, "replace")
        else if (event.key === "ArrowRight" || event.key === "ArrowUp") set(at + step, "replace")
        else if (event.key === "Home") set(name === "since" ? undefined : fromMs, "replace")
        else if (event.key === "End") set(name === "since" ? toMs : undefined, "replace")
        else if (event.key === "Delete" || event.key === "Backspace") limitTo({}, "push")
        else if (event.key === "+") zoomBy(2, at)
        else if (event.key === "-") zoomBy(0.5, at)
        else return
        event.preventDefault()
      }}
    />
  )
}

function rangeOf(sinceMs: number | undefined, untilMs: number | undefined): TimeRange {
  return { ...(sinceMs === undefined ? {} : { sinceMs }), ...(untilMs === undefined ? {} : { untilMs }) }
}
