import { computed } from "@preact/signals"
import { useEffect, useState } from "preact/hooks"
import type { Call } from "../../../model/call.ts"
import { duration } from "../../../model/format.ts"
import { walk } from "../../../model/operation.ts"
import { type PluginTimeline, type Timeline, toTimeline } from "../../../model/statistics/timeline.ts"
import { Chart } from "../../parts/chart/chart.tsx"
import { timeOfDay } from "../../parts/clock.ts"
import { countText } from "../../parts/count-text.ts"
import { OperationRow, operationLabel } from "../../parts/list/operation-row.tsx"
import { ScrollRegion } from "../../parts/list/scroll-region.tsx"
import { isReady, source, tallyOf } from "../../state/capture.ts"
import { narrowed, outcomeIn } from "../../state/narrow.ts"
import { minuteMs, nowMs } from "../../state/now.ts"
import { go, link, route } from "../../state/route.ts"
import { settled, settledAll } from "../../state/settled.ts"
import { TopErrors } from "./top-errors.tsx"
import { Verdict } from "./verdict.tsx"
import "./overview.css"

const calls = computed(() => {
  const all: Call[] = []
  for (const operation of settled.value) for (const { call } of walk(operation.calls)) all.push(call)
  return all
})
/** Rounded to 10 s, so that the statistics are not computed again every second. */
const untilMs = computed(() => (source.value?.isLive ? Math.floor(nowMs.value / 10_000) * 10_000 : 0))
const timeline = computed(() => toTimeline(calls.value, untilMs.value))
const PROBLEMS_SHOWN = 8

/** Totals, rates, failures, calls in flight and durations by plugin. */
export function Overview() {
  const found = useTimeline()
  if (!found) {
    const isEmpty = settledAll.value.length === 0
    return (
      <div class="empty">
        {!isReady.value
          ? "Reading the capture…"
          : isEmpty
            ? "No call has been recorded yet."
            : "No operation matches the filter."}
      </div>
    )
  }
  const { startMs, stepMs, steps, plugins } = found
  const seconds = Array.from({ length: steps }, (_, at) => (startMs + at * stepMs) / 1_000)
  const perMinute = (values: number[]) => values.map((value) => (value * 60_000) / stepMs)
  const plugin = plugins.find((candidate) => candidate.plugin === route.value.show) ?? plugins[0]
  return (
    <ScrollRegion class="overview" label="overview">
      <Tiles />
      <TopErrors />
      <div class="charts">
        <Chart
          label="Calls per minute"
          seconds={seconds}
          format={(value) => (value >= 10 || value === 0 ? value.toFixed(0) : value.toFixed(1))}
          series={[
            { label: "calls", values: perMinute(found.calls), colour: "--accent", isArea: true },
            { label: "failed", values: perMinute(found.failed), colour: "--failed", dash: [4, 3] },
          ]}
        />
        <Chart
          label="Calls in flight (maximum)"
          seconds={seconds}
          format={String}
          isWhole
          series={[{ label: "in flight", values: found.inFlight, colour: "--running", isArea: true }]}
        />
        {plugin && (
          <Chart
            label={`Duration of ${plugin.plugin}`}
            seconds={seconds}
            format={duration}
            series={[
              { label: "p99", values: plugin.perStep.p99, colour: "--failed", dash: [2, 3] },
              { label: "p95", values: plugin.perStep.p95, colour: "--running", dash: [6, 3] },
              { label: "p50", values: plugin.perStep.p50, colour: "--accent" },
            ]}
          />
        )}
      </div>
      <Plugins plugins={plugins} chosen={plugin?.plugin} choose={(show) => go({ show }, "replace")} />
      <Verdict />
      <Problems />
    </ScrollRegion>
  )
}

/** Later ones are computed in a task of their own, so that the page answers between them and the rest of the view. */
function useTimeline(): Timeline | undefined {
  const [shown, setShown] = useState(() => timeline.peek())
  const [operations, endMs] = [settled.value, untilMs.value]
  useEffect(() => {
    const timer = setTimeout(() => setShown(timeline.peek()))
    return () => clearTimeout(timer)
  }, [operations, endMs])
  return shown
}

function Tiles() {
  const { all, failed, running, killed } = tallyOf(settled.value)
  const found = calls.value
  const longest = settled.value.filter(({ outcome }) => outcome === "running").at(0)
  const tiles: [title: string, value: string, filter: string, kind: string, small?: string][] = [
    ["operations", countText(all), "", "", `${countText(found.length)} calls`],
    [
      "failed",
      countText(failed),
      "outcome=failed",
      failed > 0 ? "failed" : "",
      all > 0 ? `${((100 * failed) / all).toFixed(1)} %` : "",
    ],
    [
      "in flight",
      countText(running),
      "outcome=running",
      running > 0 ? "running" : "",
      longest ? `longest ${duration(Math.max(0, nowMs.value - longest.wallMs))}` : "",
    ],
    ["killed", countText(killed), "outcome=killed", killed > 0 ? "killed" : ""],
  ]
  return (
    <div class="tiles">
      {tiles.map(([title, value, q, kind, small]) => (
        <a
          key={title}
          class={`tile ${kind}`}
          href={link({ view: "operations", q: narrowed(q, outcomeIn(route.value.q).rest), operation: undefined })}
        >
          <b>{value}</b>
          <span>{title}</span>
          <small class="dim">{small}</small>
        </a>
      ))}
    </div>
  )
}

function Plugins({
  plugins,
  chosen,
  choose,
}: {
  plugins: PluginTimeline[]
  chosen: string | undefined
  choose(plugin: string): void
}) {
  // On a linear scale one slow plugin would make a stripe of each other one.
  const fastest = Math.min(...plugins.map(({ p50Ms }) => p50Ms ?? Number.POSITIVE_INFINITY), 1)
  const slowest = Math.max(...plugins.map(({ p99Ms }) => p99Ms ?? 0), fastest * 10)
  const place = (ms: number) => (100 * Math.log(Math.max(ms, fastest) / fastest)) / Math.log(slowest / fastest)
  return (
    <section class="sheet" aria-label="plugins">
      <table>
        <thead>
          <tr>
            <th scope="col">Plugin</th>
            <th scope="col" class="number-cell">
              Calls
            </th>
            <th scope="col" class="number-cell">
              Failed
            </th>
            <th scope="col" class="number-cell">
              p50
            </th>
            <th scope="col" class="number-cell">
              p95
            </th>
            <th scope="col" class="number-cell">
              p99
            </th>
            <th scope="col" class="wide">
              <span class="visually-hidden">p50 to p99, as a bar on a logarithmic scale</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {plugins.map(({ plugin, calls: count, failed, p50Ms, p95Ms, p99Ms }) => (
            <tr key={plugin} class={plugin === chosen ? "chosen" : ""}>
              <th scope="row">
                <button type="button" aria-pressed={plugin === chosen} onClick={() => choose(plugin)}>
                  {plugin}
                </button>
              </th>
              <td>{countText(count)}</td>
              <td class={failed > 0 ? "bad" : ""}>{failed}</td>
              <td>{duration(p50Ms ?? undefined)}</td>
              <td>{duration(p95Ms ?? undefined)}</td>
              <td>{duration(p99Ms ?? undefined)}</td>
              <td class="wide" aria-hidden="true">
                {p50Ms !== null && p99Ms !== null && (
                  <span class="percentiles">
                    <i class="range" style={{ left: `${place(p50Ms)}%`, width: `${place(p99Ms) - place(p50Ms)}%` }} />
                    <i class="median" style={{ left: `${place(p50Ms)}%` }} />
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** The last operations that failed, were killed, or are in flight. */
function Problems() {
  const found = settled.value
    .filter(({ outcome }) => outcome !== "ok" && outcome !== "unknown")
    .slice(-PROBLEMS_SHOWN)
    .reverse()
  if (found.length === 0) return null
  return (
    <section class="sandbox" aria-label="latest problems">
      <header>
        <h2>Latest problems</h2>
        <span class="dim">since {timeOfDay(found.at(-1)?.wallMs ?? 0, minuteMs.value)}</span>
      </header>
      {found.map((operation) => (
        <a
          key={operation.id}
          class={`row with-pod ${operation.outcome}`}
          href={link({ view: "operations", operation: operation.id, panel: "calls", call: undefined, q: "" })}
          title={operationLabel(operation)}
        >
          <OperationRow operation={operation} />
        </a>
      ))}
    </section>
  )
}
