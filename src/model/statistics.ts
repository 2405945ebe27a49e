import { type Call, isFailed } from "./call.ts"
import { quantile, type TimedCall, toTimeline } from "./timeline.ts"
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

/** What is kept of a call until the end. */
type Light = TimedCall & Pick<Call, "command">

/** Counts calls in any order. Memory holds a few numbers of each, no stream. */
export class Tally {
  readonly #calls: Light[] = []
  readonly #words = new Map<string, string>()
  #slowest: Slow[] = []
  readonly #mostSlow: number

  constructor(mostSlow: number) {
    this.#mostSlow = mostSlow
  }

  add(call: Call): void {
    const { plugin, command, wallMs, durationMs, state, exit } = call
    this.#calls.push({
      plugin: this.#shared(plugin),
      command: this.#shared(command),
      wallMs,
      state,
      ...(durationMs === undefined ? {} : { durationMs }),
      ...(exit ? { exit } : {}),
    })
    if (durationMs === undefined || this.#mostSlow === 0) return
    const last = this.#slowest.at(-1)
    if (this.#slowest.length === this.#mostSlow && last && durationMs <= last.durationMs) return
    const { id } = call
    this.#slowest.push({ id, plugin, command, pod: podName(call), wallMs, durationMs, failed: isFailed(call) })
    this.#slowest = this.#slowest.sort((a, b) => b.durationMs - a.durationMs).slice(0, this.#mostSlow)
  }

  statistics(): Statistics {
    const calls = this.#calls
    const timeline = toTimeline(calls)
    let firstMs = Number.POSITIVE_INFINITY
    let lastMs = Number.NEGATIVE_INFINITY
    for (const { wallMs } of calls) {
      firstMs = Math.min(firstMs, wallMs)
      lastMs = Math.max(lastMs, wallMs)
    }
    return {
      calls: calls.length,
      failed: calls.filter(isFailed).length,
      running: calls.filter(({ state }) => state === "running").length,
      ...(timeline ? { firstMs, lastMs } : {}),
      groups: groupsOf(calls),
      histogram: histogramOf(calls),
      ...(timeline
        ? {
            timeline: {
              startMs: timeline.startMs,
              stepMs: timeline.stepMs,
              calls: timeline.calls,
              failed: timeline.failed,
              inFlight: timeline.inFlight,
            },
          }
        : {}),
      slowest: this.#slowest,
    }
  }

  /** A million records name the same twenty plugins, each time in a string of its own. */
  #shared(word: string): string {
    const known = this.#words.get(word)
    if (known !== undefined) return known
    this.#words.set(word, word)
    return word
  }
}

function groupsOf(calls: readonly Light[]): Group[] {
  const groups = new Map<string, Light[]>()
  for (const call of calls) {
    const key = `${call.plugin}\n${call.command}`
    const group = groups.get(key)
    if (group) group.push(call)
    else groups.set(key, [call])
  }
  return [...groups.values()].map(toGroup).sort((a, b) => b.totalMs - a.totalMs)
}

function toGroup(calls: readonly Light[]): Group {
  const [first] = calls
  const durations = calls
    .flatMap(({ durationMs }) => (durationMs === undefined ? [] : [durationMs]))
    .sort((a, b) => a - b)
  return {
    plugin: first?.plugin ?? "",
    command: first?.command ?? "",
    calls: calls.length,
    failed: calls.filter(isFailed).length,
    p50: quantile(durations, 0.5),
    p95: quantile(durations, 0.95),
    p99: quantile(durations, 0.99),
    max: durations.at(-1) ?? null,
    totalMs: Math.round(durations.reduce((sum, ms) => sum + ms, 0)),
  }
}

/** 1, 2 and 5 of every decade: equal steps where durations spread over five of them. */
function histogramOf(calls: readonly Light[]): Bucket[] {
  const buckets = new Map<number, Bucket>()
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const call of calls) {
    if (call.durationMs === undefined) continue
    const at = bucketOf(call.durationMs)
    const bucket = buckets.get(at) ?? { fromMs: edge(at), toMs: edge(at + 1), calls: 0, failed: 0 }
    buckets.set(at, bucket)
    bucket.calls++
    if (isFailed(call)) bucket.failed++
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

function bucketOf(durationMs: number): number {
  let at = 0
  while (durationMs >= edge(at + 1)) at++
  return at
}
