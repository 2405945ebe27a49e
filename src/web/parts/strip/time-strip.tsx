import { useEffect, useRef, useState } from "preact/hooks"
import { roundTimes } from "../../../model/statistics/time-bins.ts"
import { operationById, source } from "../../state/capture.ts"
import { nowMs } from "../../state/now.ts"
import { offsetMs, type Zone, zone, zoneLabel, zones } from "../../state/preferences/time-zone.ts"
import { heldBack, pausedMs } from "../../state/query.ts"
import { go, route } from "../../state/route.ts"
import { settled, settledAll } from "../../state/settled.ts"
import {
  type AxisRange,
  axis,
  isNowHidden,
  isZoomed,
  limits,
  limitTo,
  showAll,
  showNow,
  showRange,
  zoomBy,
} from "../../state/time-axis.ts"
import { tickText, timeOfDay } from "../clock.ts"
import { countText } from "../count-text.ts"
import { useWidth } from "../width.ts"
import { BrushEdge } from "./brush-edge.tsx"
import { Density, HEIGHT_PX } from "./density.tsx"
import { drag } from "./drag.ts"
import "./time-strip.css"

/** A press that moves less is a click. */
const LEAST_DRAG_PX = 4
const TICK_PX = 90
/** No text is cut at the end. */
const TEXT_PX = 64
const MOST_TICKS = 16

/** All operations over time, in every view: what is brushed becomes `since` and `until` of the filter. */
export function TimeStrip() {
  const graph = useRef<HTMLDivElement>(null)
  const widthPx = useWidth(graph, axis.value !== undefined)
  const [draft, setDraft] = useState<AxisRange>()
  const range = axis.value
  useWheel(graph)
  if (!range) return null
  const spanMs = range.toMs - range.fromMs
  const timeAt = (clientX: number) => {
    const { left = 0, width = 1 } = graph.current?.getBoundingClientRect() ?? {}
    return range.fromMs + Math.min(Math.max((clientX - left) / width, 0), 1) * spanMs
  }
  const { sinceMs, untilMs } = draft ? { sinceMs: draft.fromMs, untilMs: draft.toMs } : limits.value
  const isBrushed = sinceMs !== undefined || untilMs !== undefined
  const left = (ms: number) => `${Math.min(Math.max((100 * (ms - range.fromMs)) / spanMs, 0), 100)}%`
  const onPointerDown = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    if (event.button !== 0 || (event.target as Element).closest("[role=slider]")) return
    const from = event.clientX
    let dragged: AxisRange | undefined
    drag(event, {
      moved(clientX) {
        if (!dragged && Math.abs(clientX - from) < LEAST_DRAG_PX) return
        const [a, b] = [timeAt(from), timeAt(clientX)]
        dragged = { fromMs: Math.min(a, b), toMs: Math.max(a, b) }
        setDraft(dragged)
      },
      ended(isReleased) {
        setDraft(undefined)
        if (!isReleased) return
        if (dragged) limitTo({ sinceMs: dragged.fromMs, untilMs: dragged.toMs }, "push")
        else if (isBrushed) limitTo({}, "push")
      },
    })
  }
  const chosen = operationById(route.value.operation)
  const { stepMs, times } = roundTimes(
    range.fromMs,
    range.toMs,
    Math.min(Math.max(widthPx / TICK_PX, 1), MOST_TICKS),
    offsetMs(range.toMs),
  )
  return (
    <section class="time-strip" aria-label="time">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the edges of the brush are its controls for keys */}
      <div
        class="strip-graph"
        ref={graph}
        onPointerDown={onPointerDown}
        onDblClick={() =>
          isBrushed ? showRange({ fromMs: sinceMs ?? range.fromMs, toMs: untilMs ?? range.toMs }) : showAll()
        }
      >
        <Density range={range} widthPx={widthPx} />
        {chosen && chosen.wallMs >= range.fromMs && chosen.wallMs <= range.toMs && (
          <i class="strip-chosen" style={{ left: left(chosen.wallMs) }} />
        )}
        {isBrushed && (
          <>
            <i class="strip-outside" style={{ left: 0, width: left(sinceMs ?? range.fromMs) }} />
            <i class="strip-outside" style={{ left: left(untilMs ?? range.toMs), right: 0 }} />
          </>
        )}
        <BrushEdge name="since" ms={sinceMs} range={range} timeAt={timeAt} onDrag={setDraft} />
        <BrushEdge name="until" ms={untilMs} range={range} timeAt={timeAt} onDrag={setDraft} />
        <div class="strip-ticks" aria-hidden="true" style={{ top: `${HEIGHT_PX}px` }}>
          {times.map((ms) => (
            <span key={ms} style={{ left: left(ms) }}>
              {widthPx * (1 - (ms - range.fromMs) / spanMs) >= TEXT_PX && tickText(ms, stepMs)}
            </span>
          ))}
        </div>
        {draft && (
          <output class="strip-hint mono">
            {timeOfDay(draft.fromMs, nowMs.peek())} – {timeOfDay(draft.toMs, nowMs.peek())}
          </output>
        )}
      </div>
      <Controls />
    </section>
  )
}

function Controls() {
  const isPaused = pausedMs.value !== undefined
  return (
    <div class="strip-controls">
      {route.value.view !== "operations" && route.value.q && (
        <button type="button" class="button strip-filter mono" title="clear the filter" onClick={() => go({ q: "" })}>
          {countText(settled.value.length)} of {countText(settledAll.value.length)} ×
        </button>
      )}
      {isNowHidden.value && (
        <button type="button" class="button" onClick={showNow}>
          now
        </button>
      )}
      {source.value?.isLive && (
        <button
          type="button"
          class="button"
          aria-pressed={isPaused}
          title={isPaused ? "show new operations again" : "hold back new operations"}
          onClick={() => (pausedMs.value = isPaused ? undefined : nowMs.peek())}
        >
          {isPaused ? `paused, ${heldBack.value} new` : "pause"}
        </button>
      )}
      <span class="strip-zoom">
        <button
          type="button"
          class="icon"
          aria-label="zoom out"
          title="zoom out"
          disabled={!isZoomed.value}
          onClick={() => zoomBy(0.5)}
        >
          −
        </button>
        <button
          type="button"
          class="icon"
          aria-label="zoom in"
          title="zoom in (or the wheel)"
          onClick={() => zoomBy(2)}
        >
          +
        </button>
      </span>
      <select
        class="strip-zone"
        aria-label="time zone"
        title="all times on this page, and those in the filter without a zone, are in this time zone"
        value={zone.value}
        onChange={(event) => (zone.value = event.currentTarget.value as Zone)}
      >
        {zones.value.map(({ zone: each, label }) => (
          <option key={each} value={each}>
            {each === zone.value ? zoneLabel(nowMs.peek()) : label}
          </option>
        ))}
      </select>
    </div>
  )
}

/** The wheel zooms around the pointer; it scrolls sideways with Shift. */
function useWheel(element: { current: HTMLElement | null }): void {
  const isThere = axis.value !== undefined
  useEffect(() => {
    const box = element.current
    if (!box) return undefined
    const zoom = (event: WheelEvent) => {
      const range = axis.peek()
      if (!range || event.deltaY === 0) return
      event.preventDefault()
      const { left, width } = box.getBoundingClientRect()
      const spanMs = range.toMs - range.fromMs
      zoomBy(event.deltaY < 0 ? 1.25 : 0.8, range.fromMs + ((event.clientX - left) / width) * spanMs)
    }
    // Not passive: the browser's own zoom with Ctrl must not happen too.
    box.addEventListener("wheel", zoom, { passive: false })
    return () => box.removeEventListener("wheel", zoom)
  }, [element, isThere])
}
