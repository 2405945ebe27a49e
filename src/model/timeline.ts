import { type Call, isFailed } from "./call.ts"

/** What a call must tell to be counted. */
export type TimedCall = Pick<Call, "plugin" | "wallMs" | "durationMs" | "state" | "exit">

/** Calls over time, in equal steps. Index `at` of each column is the step that begins at `startMs + at * stepMs`. */
export type Timeline = {
  /** milliseconds since 1970 */
  startMs: number
  stepMs: number
  steps: number
  /** calls that began in the step, those among them that failed, and the most that ran at one time in it */
  calls: number[]
  failed: number[]
  inFlight: number[]
  /** by plugin, most calls first: durations of the calls that began in the step; null where none ended */
  plugins: PluginTimeline[]
}

export type PluginTimeline = {
  plugin: string
  calls: number
  failed: number
  /** over the whole time, milliseconds */
  p50: number | null
  p95: number | null
  p99: number | null
  over: { p50: (number | null)[]; p95: (number | null)[]; p99: (number | null)[] }
}

const STEPS_MS = [1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400].map((seconds) => seconds * 1_000)
const MOST_STEPS = 120
/** A capture of seconds is shown on a minute, not as one point. */
const FEWEST_STEPS = 30

/** Undefined where there is no call. `untilMs`: how long nothing but these calls is known to have happened. */
export function toTimeline(calls: readonly TimedCall[], untilMs = 0): Timeline | undefined {
  if (calls.length === 0) return undefined
  let firstMs = Number.POSITIVE_INFINITY
  let lastMs = untilMs
  for (const { wallMs } of calls) {
    firstMs = Math.min(firstMs, wallMs)
    lastMs = Math.max(lastMs, wallMs)
  }
  const stepMs =
    STEPS_MS.find((candidate) => (lastMs - firstMs) / candidate < MOST_STEPS) ??
    Math.ceil((lastMs - firstMs) / MOST_STEPS)
  const endMs = (Math.floor(lastMs / stepMs) + 1) * stepMs
  const startMs = Math.min(Math.floor(firstMs / stepMs) * stepMs, endMs - FEWEST_STEPS * stepMs)
  const steps = Math.round((endMs - startMs) / stepMs)
  const stepOf = ({ wallMs }: TimedCall) => Math.floor((wallMs - startMs) / stepMs)
  const zeros = () => new Array<number>(steps).fill(0)
  const timeline: Timeline = { startMs, stepMs, steps, calls: zeros(), failed: zeros(), inFlight: zeros(), plugins: [] }
  const byPlugin = new Map<string, TimedCall[]>()
  for (const call of calls) {
    const at = stepOf(call)
    timeline.calls[at] = (timeline.calls[at] ?? 0) + 1
    if (isFailed(call)) timeline.failed[at] = (timeline.failed[at] ?? 0) + 1
    const own = byPlugin.get(call.plugin)
    if (own) own.push(call)
    else byPlugin.set(call.plugin, [call])
  }
  countInFlight(calls, timeline)
  timeline.plugins = [...byPlugin]
    .map(([plugin, own]) => pluginTimeline(plugin, own, steps, stepOf))
    .sort((a, b) => b.calls - a.calls)
  return timeline
}

/** The value below which a share of the sorted values lies; null where there is none. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null
}

function pluginTimeline(
  plugin: string,
  calls: TimedCall[],
  steps: number,
  stepOf: (call: TimedCall) => number,
): PluginTimeline {
  const byStep: number[][] = Array.from({ length: steps }, () => [])
  const all: number[] = []
  for (const call of calls) {
    if (call.durationMs === undefined) continue
    byStep[stepOf(call)]?.push(call.durationMs)
    all.push(call.durationMs)
  }
  for (const values of [all, ...byStep]) values.sort((a, b) => a - b)
  const over = (share: number) => byStep.map((values) => quantile(values, share))
  return {
    plugin,
    calls: calls.length,
    failed: calls.filter(isFailed).length,
    p50: quantile(all, 0.5),
    p95: quantile(all, 0.95),
    p99: quantile(all, 0.99),
    over: { p50: over(0.5), p95: over(0.95), p99: over(0.99) },
  }
}

/** Sweeps over beginnings and ends; a call that never ended counts until the last step only while it runs. */
function countInFlight(calls: readonly TimedCall[], { startMs, stepMs, steps, inFlight }: Timeline): void {
  const changes: { ms: number; by: 1 | -1 }[] = []
  for (const { wallMs, durationMs, state } of calls) {
    if (durationMs === undefined && state !== "running") continue
    changes.push({ ms: wallMs, by: 1 })
    if (durationMs !== undefined) changes.push({ ms: wallMs + durationMs, by: -1 })
  }
  changes.sort((a, b) => a.ms - b.ms || a.by - b.by)
  let now = 0
  let next = 0
  for (let at = 0; at < steps; at++) {
    let most = now
    for (let change = changes[next]; change && change.ms < startMs + (at + 1) * stepMs; change = changes[++next]) {
      now += change.by
      most = Math.max(most, now)
    }
    inFlight[at] = most
  }
}
