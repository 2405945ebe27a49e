import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import uPlot from "uplot"
import "uplot/dist/uPlot.min.css"
import { localOffsetMs } from "../../../model/time.ts"
import { theme } from "../../state/preferences/theme.ts"
import { offsetMs, zone } from "../../state/preferences/time-zone.ts"
import { timeOfDay } from "../clock.ts"
import { followWidth } from "../width.ts"
import "./chart.css"

export type Series = { label: string; values: (number | null)[]; colour: string; dash?: number[]; isArea?: true }

/** A line chart over time. `seconds`: time of each value since 1970; colours are names of CSS custom properties. */
export function Chart({
  label,
  seconds,
  series,
  format,
  isWhole = false,
  height = 170,
}: {
  label: string
  seconds: number[]
  series: Series[]
  format(value: number): string
  /** the values are whole numbers, and so are the labels of the axis */
  isWhole?: boolean
  height?: number
}) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const shape = [theme.value, zone.value, ...series.map(({ label }) => label)].join()
  const data = [seconds, ...series.map(({ values }) => values)] as uPlot.AlignedData
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return undefined
    plot.current = new uPlot(options(element.clientWidth, height, series, format, isWhole), data, element)
    const stopFollowing = followWidth(element, (width) => plot.current?.setSize({ width, height }))
    const dark = matchMedia("(prefers-color-scheme: dark)")
    const repaint = () => plot.current?.redraw()
    dark.addEventListener("change", repaint)
    return () => {
      stopFollowing()
      dark.removeEventListener("change", repaint)
      plot.current?.destroy()
    }
  }, [shape, height])
  useEffect(() => plot.current?.setData(data), [data])
  return (
    <div
      class="chart"
      aria-label={`${label}: ${series.map(({ label: name, values }) => `${name} ${lastOf(values, format)}`).join(", ")}`}
      role="img"
    >
      <figcaption>{label}</figcaption>
      <div ref={box} />
    </div>
  )
}

const WHOLE = [1, 2, 5]
  .flatMap((factor) => [1, 10, 100, 1_000, 10_000].map((power) => factor * power))
  .sort((a, b) => a - b)

function options(
  width: number,
  height: number,
  series: Series[],
  format: (value: number) => string,
  isWhole: boolean,
): uPlot.Options {
  const colour = (name: string) => () => getComputedStyle(probe(name)).color
  const axis = {
    stroke: colour("--faint"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  }
  return {
    width,
    height,
    cursor: { y: false, points: { size: 6 } },
    legend: { live: true },
    tzDate: (seconds) => inZone(seconds * 1_000),
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(high * 1.1, 1e-3)] } },
    axes: [
      { ...axis, values: TIMES, size: 40, space: 72 },
      {
        ...axis,
        size: 56,
        ...(isWhole ? { incrs: WHOLE } : {}),
        values: (_plot, ticks) => ticks.map((tick) => (tick === 0 ? "0" : format(tick))),
      },
    ],
    series: [
      {
        label: "time",
        value: (_plot: uPlot, seconds: number | null) =>
          seconds === null ? "latest" : timeOfDay(seconds * 1_000, Date.now()).replace(".000", ""),
      },
      ...series.map(({ label, colour: name, dash, isArea }) => ({
        label,
        stroke: colour(name),
        width: 1.5,
        ...(dash ? { dash } : {}),
        ...(isArea
          ? { fill: () => `color-mix(in srgb, ${getComputedStyle(probe(name)).color} 18%, transparent)` }
          : {}),
        points: { size: 4, filter: isolatedPoints },
        // Without a pointer, the legend shows the latest value.
        value: (plot: uPlot, value: number | null, at: number) =>
          plot.cursor.idx == null ? lastOf(plot.data[at] ?? [], format) : value == null ? "" : format(value),
      })),
    ],
  }
}

/** Values without a neighbour, which a line would not show. */
function isolatedPoints(plot: uPlot, at: number): number[] {
  const values = plot.data[at] ?? []
  const isThere = (index: number) => typeof values[index] === "number"
  return [...values.keys()].filter((index) => isThere(index) && !isThere(index - 1) && !isThere(index + 1))
}

/** Tick labels by distance in seconds: the time in 24-hour format, with the date at the beginning of a day. */
const TIMES: uPlot.Axis.Values = [
  [86_400, "{MMM} {D}", null, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{MMM} {D}", null, "\n{MMM} {D}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{MMM} {D}", null, "\n{MMM} {D}", null, null, null, 1],
]

/** A date whose local fields are those of the chosen zone. */
function inZone(wallMs: number): Date {
  return new Date(wallMs + offsetMs(wallMs) - localOffsetMs(wallMs))
}

/** A canvas cannot use custom properties; the computed colour of an element can, in either theme. */
function probe(name: string): HTMLElement {
  const id = `colour${name}`
  const known = document.getElementById(id)
  if (known) return known
  const element = document.createElement("i")
  element.id = id
  element.hidden = true
  element.style.color = `var(${name})`
  document.body.append(element)
  return element
}

function lastOf(values: ArrayLike<number | null | undefined>, format: (value: number) => string): string {
  const value = Array.from(values).findLast((candidate) => typeof candidate === "number")
  return value === undefined || value === null ? "unknown" : format(value)
}
