import { type Call, isFailed } from "../call.ts"
import { podName } from "../format.ts"
import { type HistogramBucket, histogramOf } from "./histogram.ts"
import { TimedCalls } from "./timed-calls.ts"
import { countSteps, quantile, timeSteps } from "./timeline.ts"

/** The output of `cnitap stats`. Times are milliseconds, points in time since 1970; null if no call has ended. */
export type Statistics = {
  calls: number
  failed: number
  running: number
  /** start of the first and of the last call; absent without calls */
  firstMs?: number
  lastMs?: number
  /** by plugin and command, largest total time first */
  groups: CallGroup[]
  /** durations of the calls that ended, shortest first */
  histogram: HistogramBucket[]
  /** index `at` of each array is the step that begins at `startMs + at * stepMs` */
  timeline?: { startMs: number; stepMs: number; calls: number[]; failed: number[]; inFlight: number[] }
  slowest: SlowCall[]
}

export type CallGroup = {
  plugin: string
  command: string
  calls: number
  failed: number
  p50Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
  maxMs: number | null
  /** sum of the durations of its calls */
  totalMs: number
}

export type SlowCall = {
  id: string
  plugin: string
  command: string
  pod: string
  wallMs: number
  durationMs: number
  failed: boolean
}

/** Calls of one plugin and command while they are counted. Durations are those of ended calls, unsorted. */
export type CallCounts = {
  plugin: string
  command: string
  calls: number
  failed: number
  running: number
  durations: number[]
  failedDurations: number[]
}

/** Counts calls in any order. Memory holds a few numbers per call, no texts and no streams. */
export class Tally {
  readonly #calls = new TimedCalls()
  readonly #groups = new Map<string, CallCounts>()
  #slowest: SlowCall[] = []
  readonly #maxSlowest: number

  /** `maxSlowest`: how many of the slowest calls to list */
  constructor(maxSlowest: number) {
    this.#maxSlowest = maxSlowest
  }

  add(call: Call): void {
    const { plugin, command, wallMs, durationMs = Number.NaN, state } = call
    this.count(this.group(plugin, command), wallMs, durationMs, isFailed(call), state === "running")
    if (this.isSlow(durationMs)) this.addSlow(call)
  }

  group(plugin: string, command: string): CallCounts {
    const key = `${plugin}\n${command}`
    const known = this.#groups.get(key)
    if (known) return known
    const group = { plugin, command, calls: 0, failed: 0, running: 0, durations: [], failedDurations: [] }
    this.#groups.set(key, group)
    return group
  }

  /** Counts a call of which only numbers are known; `durationMs` is NaN if it has not ended. */
  count(group: CallCounts, wallMs: number, durationMs: number, hasFailed: boolean, isRunning: boolean): void {
    this.#calls.push(wallMs, durationMs, hasFailed, isRunning)
    group.calls++
    if (hasFailed) group.failed++
    if (isRunning) group.running++
    if (Number.isNaN(durationMs)) return
    group.durations.push(durationMs)
    if (hasFailed) group.failedDurations.push(durationMs)
  }

  /** Whether a call of this duration is one of the slowest so far. */
  isSlow(durationMs: number): boolean {
    if (Number.isNaN(durationMs)) return false
    if (this.#slowest.length < this.#maxSlowest) return true
    return durationMs >= (this.#slowest.at(-1)?.durationMs ?? Number.POSITIVE_INFINITY)
  }

  addSlow(call: Call): void {
    const { id, plugin, command, wallMs, durationMs = 0 } = call
    const slow: SlowCall = { id, plugin, command, pod: podName(call), wallMs, durationMs, failed: isFailed(call) }
    this.#slowest = [...this.#slowest, slow].sort(bySlowness).slice(0, this.#maxSlowest)
  }

  statistics(): Statistics {
    const calls = this.#calls
    const { firstMs, lastMs } = calls.timeRange()
    const steps = calls.length > 0 ? timeSteps(firstMs, lastMs) : undefined
    const groups = Array.from(this.#groups.values(), (group) => ({ ...group, sorted: sortedCopy(group.durations) }))
    return {
      calls: calls.length,
      failed: sum(groups.map(({ failed }) => failed)),
      running: sum(groups.map(({ running }) => running)),
      ...(steps ? { firstMs, lastMs } : {}),
      groups: groups.map(toGroup).sort((a, b) => b.totalMs - a.totalMs),
      histogram: histogramOf(
        groups.map(({ sorted }) => sorted),
        groups.map(({ failedDurations }) => sortedCopy(failedDurations)),
      ),
      ...(steps ? { timeline: { startMs: steps.startMs, stepMs: steps.stepMs, ...countSteps(calls, steps) } } : {}),
      slowest: this.#slowest,
    }
  }
}

function sortedCopy(numbers: number[]): Float64Array {
  return new Float64Array(numbers).sort()
}

function sum(numbers: ArrayLike<number>): number {
  let all = 0
  for (let at = 0; at < numbers.length; at++) all += numbers[at] ?? 0
  return all
}

function toGroup({ plugin, command, calls, failed, sorted }: CallCounts & { sorted: Float64Array }): CallGroup {
  return {
    plugin,
    command,
    calls,
    failed,
    p50Ms: quantile(sorted, 0.5),
    p95Ms: quantile(sorted, 0.95),
    p99Ms: quantile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? null,
    totalMs: Math.round(sum(sorted)),
  }
}

/** Of equally slow calls the earlier one comes first, so that the list does not depend on the order of reading. */
function bySlowness(a: SlowCall, b: SlowCall): number {
  return b.durationMs - a.durationMs || a.wallMs - b.wallMs || (a.id < b.id ? -1 : 1)
}
