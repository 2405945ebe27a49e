import { isFailed } from "../call.ts"
import { peakInFlight } from "./in-flight.ts"
import { type TimedCall, TimedCalls } from "./timed-calls.ts"

/** Calls over time in equal steps. Index `at` of each array is the step that begins at `startMs + at * stepMs`. */
export type Timeline = TimeSteps &
  StepCounts & {
    /** by plugin, most calls first */
    plugins: PluginTimeline[]
  }

/** `startMs`: milliseconds since 1970. */
export type TimeSteps = { startMs: number; stepMs: number; steps: number }

export type StepCounts = {
  /** calls that began in the step, how many of them failed, and the maximum of concurrent calls */
  calls: number[]
  failed: number[]
  inFlight: number[]
}

export type PluginTimeline = {
  plugin: string
  calls: number
  failed: number
  /** of all its calls; null if none has ended */
  p50Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
  /** of the calls that began in the step, milliseconds; null if none has ended */
  perStep: { p50: (number | null)[]; p95: (number | null)[]; p99: (number | null)[] }
}

const STEPS_MS = [1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400].map((seconds) => seconds * 1_000)
const MAX_STEPS = 120
/** A capture of a few seconds is shown as a minute, not as one point. */
const MIN_STEPS = 30

/** Undefined without calls. `untilMs`: end of the observed time, if that is later than the last call. */
export function toTimeline(calls: readonly TimedCall[], untilMs = 0): Timeline | undefined {
  if (calls.length === 0) return undefined
  const timed = new TimedCalls()
  const byPlugin = new Map<string, TimedCall[]>()
  for (const call of calls) {
    timed.add(call)
    const own = byPlugin.get(call.plugin)
    if (own) own.push(call)
    else byPlugin.set(call.plugin, [call])
  }
  const { firstMs, lastMs } = timed.timeRange()
  const steps = timeSteps(firstMs, Math.max(lastMs, untilMs))
  const stepOf = ({ wallMs }: TimedCall) => Math.floor((wallMs - steps.startMs) / steps.stepMs)
  const plugins = [...byPlugin]
    .map(([plugin, own]) => pluginTimeline(plugin, own, steps.steps, stepOf))
    .sort((a, b) => b.calls - a.calls)
  return { ...steps, ...countSteps(timed, steps), plugins }
}

/** At most 120 steps of a round duration, from the first call to the last. */
export function timeSteps(firstMs: number, lastMs: number): TimeSteps {
  const stepMs =
    STEPS_MS.find((candidate) => (lastMs - firstMs) / candidate < MAX_STEPS) ??
    Math.ceil((lastMs - firstMs) / MAX_STEPS)
  const endMs = (Math.floor(lastMs / stepMs) + 1) * stepMs
  const startMs = Math.min(Math.floor(firstMs / stepMs) * stepMs, endMs - MIN_STEPS * stepMs)
  return { startMs, stepMs, steps: Math.round((endMs - startMs) / stepMs) }
}

export function countSteps(timed: TimedCalls, { startMs, stepMs, steps }: TimeSteps): StepCounts {
  const zeros = () => new Array<number>(steps).fill(0)
  const counts: StepCounts = {
    calls: zeros(),
    failed: zeros(),
    inFlight: peakInFlight(timed, { startMs, stepMs, steps }),
  }
  for (let call = 0; call < timed.length; call++) {
    const at = Math.floor(((timed.wallMs[call] ?? 0) - startMs) / stepMs)
    counts.calls[at] = (counts.calls[at] ?? 0) + 1
    if (timed.isFailed(call)) counts.failed[at] = (counts.failed[at] ?? 0) + 1
  }
  return counts
}

/** The value below which a share of the sorted values lies; null if there are none. */
export function quantile(sorted: ArrayLike<number>, share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null
}

function pluginTimeline(
  plugin: string,
  calls: TimedCall[],
  steps: number,
  stepOf: (call: TimedCall) => number,
): PluginTimeline {
  const sorted = sortedNumbers(calls.flatMap(({ durationMs }) => durationMs ?? []))
  let perStep: PluginTimeline["perStep"] | undefined
  return {
    plugin,
    calls: calls.length,
    failed: calls.filter(isFailed).length,
    p50Ms: quantile(sorted, 0.5),
    p95Ms: quantile(sorted, 0.95),
    p99Ms: quantile(sorted, 0.99),
    // One plugin at a time is shown.
    get perStep() {
      perStep ??= quantilesPerStep(calls, steps, stepOf)
      return perStep
    },
  }
}

function quantilesPerStep(
  calls: readonly TimedCall[],
  steps: number,
  stepOf: (call: TimedCall) => number,
): PluginTimeline["perStep"] {
  const byStep: number[][] = Array.from({ length: steps }, () => [])
  for (const call of calls) if (call.durationMs !== undefined) byStep[stepOf(call)]?.push(call.durationMs)
  const sorted = byStep.map(sortedNumbers)
  const over = (share: number) => sorted.map((values) => quantile(values, share))
  return { p50: over(0.5), p95: over(0.95), p99: over(0.99) }
}

/** Typed arrays are sorted by value in native code, many times faster than with a function. */
function sortedNumbers(values: number[]): Float64Array {
  return Float64Array.from(values).sort()
}
