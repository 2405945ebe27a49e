import { type Call, isFailed } from "./call.ts"
import { type TimedCall, TimedCalls } from "./timed.ts"
import { countSteps, quantile, stepsOver } from "./timeline.ts"
import { podName } from "./wording.ts"

/** All that `cnitap stats` tells. Times are milliseconds, instants since 1970; null where no call has ended. */
export type Statistics = {
  calls: number
  failed: number
  running: number
  /** when the first call began, and the last */
  firstMs?: number
  lastMs?: number
  /** by plugin and command, those that took most time in all first */
  groups: Group[]
  /** how long calls took, from the shortest to the longest; without those that never ended */
  histogram: Bucket[]
  /** column `at` is the step that begins at `startMs + at * stepMs` */
  timeline?: { startMs: number; stepMs: number; calls: number[]; failed: number[]; inFlight: number[] }
  slowest: Slow[]
}

export type Group = {
  plugin: string
  command: string
  calls: number
  failed: number
  p50: number | null
  p95: number | null
  p99: number | null
  max: number | null
  /** of all its calls together */
  totalMs: number
}

/** Calls that took at least `fromMs` and less than `toMs`. */
export type Bucket = { fromMs: number; toMs: number; calls: number; failed: number }

export type Slow = {
  id: string
  plugin: string
  command: string
  pod: string
  wallMs: number
  durationMs: number
  failed: boolean
}

/** What a call must tell to be tallied. */
export type TalliedCall = TimedCall & Pick<Call, "command">

/** Counts calls in any order. Memory holds a few numbers of each, no text and no stream. */
export class Tally {
  readonly #calls = new TimedCalls()
  readonly #groups = new Map<string, { plugin: string; command: string; calls: TimedCalls }>()
  #slowest: Slow[] = []
  readonly #mostSlow: number

  constructor(mostSlow: number) {
    this.#mostSlow = mostSlow
  }

  /** `whole` is asked of the slowest alone. */
  add(call: TalliedCall, whole: () => Pick<Call, "id" | "pod" | "containerId">): void {
    const { plugin, command, wallMs, durationMs } = call
    this.#calls.add(call)
    this.#group(plugin, command).add(call)
    if (durationMs === undefined || this.#mostSlow === 0) return
    const last = this.#slowest.at(-1)
    if (this.#slowest.length === this.#mostSlow && last && durationMs <= last.durationMs) return
    const named = whole()
    const pod = podName(named)
    this.#slowest.push({ id: named.id, plugin, command, pod, wallMs, durationMs, failed: isFailed(call) })
    this.#slowest = this.#slowest.sort((a, b) => b.durationMs - a.durationMs).slice(0, this.#mostSlow)
  }

  statistics(): Statistics {
    const calls = this.#calls
    const { firstMs, lastMs } = calls.span()
    const steps = calls.length > 0 ? stepsOver(firstMs, lastMs) : undefined
    return {
      calls: calls.length,
      failed: count(calls, (at) => calls.isFailed(at)),
      running: count(calls, (at) => calls.isRunning(at)),
      ...(steps ? { firstMs, lastMs } : {}),
      groups: [...this.#groups.values()].map(toGroup).sort((a, b) => b.totalMs - a.totalMs),
      histogram: histogramOf(calls),
      ...(steps ? { timeline: { startMs: steps.startMs, stepMs: steps.stepMs, ...countSteps(calls, steps) } } : {}),
      slowest: this.#slowest,
    }
  }

  #group(plugin: string, command: string): TimedCalls {
    const key = `${plugin}\n${command}`
    const known = this.#groups.get(key)
    if (known) return known.calls
    const calls = new TimedCalls()
    this.#groups.set(key, { plugin, command, calls })
    return calls
  }
}

function count(calls: TimedCalls, is: (at: number) => boolean): number {
  let found = 0
  for (let at = 0; at < calls.length; at++) if (is(at)) found++
  return found
}

function toGroup({ plugin, command, calls }: { plugin: string; command: string; calls: TimedCalls }): Group {
  const durations = calls.durations()
  return {
    plugin,
    command,
    calls: calls.length,
    failed: count(calls, (at) => calls.isFailed(at)),
    p50: quantile(durations, 0.5),
    p95: quantile(durations, 0.95),
    p99: quantile(durations, 0.99),
    max: durations.at(-1) ?? null,
    totalMs: Math.round(durations.reduce((sum, ms) => sum + ms, 0)),
  }
}

/** 1, 2 and 5 of every decade: equal steps where durations spread over five of them. */
function histogramOf(calls: TimedCalls): Bucket[] {
  const buckets = new Map<number, Bucket>()
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let call = 0; call < calls.length; call++) {
    const durationMs = calls.durationMs[call] ?? Number.NaN
    if (Number.isNaN(durationMs)) continue
    const at = bucketOf(durationMs)
    const bucket = buckets.get(at) ?? { fromMs: edge(at), toMs: edge(at + 1), calls: 0, failed: 0 }
    buckets.set(at, bucket)
    bucket.calls++
    if (calls.isFailed(call)) bucket.failed++
    lowest = Math.min(lowest, at)
    highest = Math.max(highest, at)
  }
  return Array.from({ length: Math.max(0, highest - lowest + 1) }, (_, index) => {
    const at = lowest + index
    return buckets.get(at) ?? { fromMs: edge(at), toMs: edge(at + 1), calls: 0, failed: 0 }
  })
}

/** Nothing that starts a process takes less. */
const SHORTEST_MS = 0.1
const STEPS = [1, 2, 5] as const

function edge(at: number): number {
  const step = STEPS[at % STEPS.length] ?? 1
  return Number((SHORTEST_MS * 10 ** Math.floor(at / STEPS.length) * step).toPrecision(1))
}

const EDGES: number[] = []

function bucketOf(durationMs: number): number {
  let at = 0
  for (; ; at++) {
    EDGES[at + 1] ??= edge(at + 1)
    if (durationMs < (EDGES[at + 1] ?? 0)) return at
  }
}
