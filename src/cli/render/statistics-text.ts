import { duration } from "../../model/format.ts"
import type { CallGroup, Statistics } from "../../model/statistics/statistics.ts"
import type { Paint } from "../terminal/colour.ts"
import { visible } from "../terminal/colour.ts"
import { bar, columnChart, squeezed } from "./chart.ts"
import type { Table } from "./table.ts"

/** One line per plugin and command. */
export const groupTable: Table<CallGroup> = {
  kind: "Group",
  name: ({ plugin, command }) => `plugin/${plugin}/${command}`,
  empty: "no call found",
  columns: [
    { title: "PLUGIN", text: ({ plugin }) => plugin },
    { title: "COMMAND", text: ({ command }) => command },
    { title: "CALLS", alignRight: true, text: ({ calls }) => String(calls) },
    {
      title: "FAILED",
      alignRight: true,
      text: ({ failed }) => String(failed),
      colour: ({ failed }) => (failed > 0 ? "red" : "dim"),
    },
    { title: "P50", alignRight: true, text: ({ p50Ms }) => duration(p50Ms ?? undefined) },
    { title: "P95", alignRight: true, text: ({ p95Ms }) => duration(p95Ms ?? undefined) },
    { title: "P99", alignRight: true, text: ({ p99Ms }) => duration(p99Ms ?? undefined) },
    { title: "MAX", alignRight: true, text: ({ maxMs }) => duration(maxMs ?? undefined) },
    { title: "TOTAL", isWide: true, alignRight: true, text: ({ totalMs }) => duration(totalMs) },
  ],
}

/** `12 calls over 5m, 2 failed, 1 in flight` */
export function totalsText({ calls, failed, running, firstMs = 0, lastMs = 0 }: Statistics): string {
  const span = duration(lastMs - firstMs) || "0s"
  const words = [`${calls} ${calls === 1 ? "call" : "calls"} over ${span}`, `${failed} failed`, `${running} in flight`]
  return `${words.filter((word) => !word.startsWith("0 ")).join(", ")}\n`
}

/** Below the table: a histogram of durations, the calls in flight over time, and the slowest calls. */
export function chartsText(statistics: Statistics, paint: Paint, columns: number): string {
  return [
    ...histogramLines(statistics, paint, columns),
    ...inFlightLines(statistics, paint, columns),
    ...slowestLines(statistics, paint),
    "",
  ].join("\n")
}

function histogramLines({ histogram }: Statistics, paint: Paint, columns: number): string[] {
  const most = Math.max(...histogram.map(({ calls }) => calls), 1)
  const counts = histogram.map(({ calls, failed }) => ({
    calls: String(calls),
    failed: failed ? `${failed} failed` : "",
  }))
  const width = Math.max(...counts.map(({ calls }) => calls.length), 1)
  const room = Math.max(10, Math.min(60, columns - 34 - width))
  const lines = histogram.map(({ fromMs, toMs, calls }, at) => {
    const range = `${edge(fromMs).padStart(6)} to ${edge(toMs).padEnd(6)}`
    const count = (counts[at]?.calls ?? "").padStart(width)
    return `  ${range} ${count} ${bar(calls / most, room)} ${paint(counts[at]?.failed ?? "", "red")}`.trimEnd()
  })
  return lines.length > 0 ? ["", paint("how long calls took", "bold"), ...lines] : []
}

const HEIGHT = 4

function inFlightLines({ timeline }: Statistics, paint: Paint, columns: number): string[] {
  if (!timeline) return []
  const { startMs, stepMs, inFlight, failed } = timeline
  const scale = String(Math.max(...inFlight))
  const margin = Math.max(scale.length, 1)
  const room = Math.max(20, columns - margin - 4)
  const values = squeezed(inFlight, room)
  const marks = squeezed(failed, room).map((count) => (count > 0 ? "!" : " "))
  const label = (at: number) => (at === 0 ? scale : at === HEIGHT - 1 ? "0" : "").padStart(margin)
  const from = new Date(startMs).toISOString().slice(11, 19)
  const to = new Date(startMs + inFlight.length * stepMs).toISOString().slice(11, 19)
  const day = new Date(startMs).toISOString().slice(0, 10)
  const hasFailed = marks.includes("!")
  return [
    "",
    paint("most calls in flight at one time", "bold") + (hasFailed ? "; ! where one failed" : ""),
    ...columnChart(values, HEIGHT).map((line, at) => `  ${label(at)} ${line}`.trimEnd()),
    ...(hasFailed ? [`  ${" ".repeat(margin)} ${paint(marks.join("").trimEnd(), "red")}`] : []),
    `  ${" ".repeat(margin)} ${from}${`${to}Z`.padStart(Math.max(values.length - from.length, to.length + 3))}  ${day}`,
  ]
}

function slowestLines({ slowest }: Statistics, paint: Paint): string[] {
  if (slowest.length === 0) return []
  return [
    "",
    paint("slowest", "bold"),
    ...slowest.map(({ id, plugin, command, pod, durationMs, failed }) => {
      const words = [command, plugin, pod].filter(Boolean).join(" ")
      return `  ${duration(durationMs).padStart(6)}  ${paint(id, "dim")}  ${visible(words)}${failed ? paint(" failed", "red") : ""}`
    }),
  ]
}

/** `0.1ms`, `5ms`, `20s` */
function edge(ms: number): string {
  return ms >= 1000 ? `${ms / 1000}s` : `${ms}ms`
}
