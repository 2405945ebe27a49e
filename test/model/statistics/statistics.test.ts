import assert from "node:assert/strict"
import { test } from "node:test"
import type { Call } from "../../../src/model/call.ts"
import { type Statistics, Tally } from "../../../src/model/statistics/statistics.ts"
import { Random } from "../../capture/random.ts"
import { call, T0 } from "../calls.ts"

function statistics(...calls: Call[]): Statistics {
  const tally = new Tally(2)
  for (const one of calls) tally.add(one)
  return tally.statistics()
}

// Pain 36: runtimes have metrics for the whole list only.
test("calls are counted and timed by plugin and command, largest total time first", () => {
  const calico = Array.from({ length: 100 }, (_, at) =>
    call(`c${at}`, { plugin: "calico", at: at * 1000, durationMs: at + 1, exit: { code: at < 98 ? 0 : 1 } }),
  )
  const { calls, failed, running, firstMs, lastMs, groups, slowest } = statistics(
    ...calico,
    call("d", { plugin: "calico", command: "DEL", durationMs: 4 }),
    call("hanging", { plugin: "portmap", at: 5000, state: "running" }),
    call("gone", { plugin: "portmap", at: 6000, state: "killed" }),
  )
  assert.deepEqual(
    { calls, failed, running, firstMs, lastMs, groups },
    {
      calls: 103,
      failed: 3,
      running: 1,
      firstMs: T0,
      lastMs: T0 + 99_000,
      groups: [
        {
          plugin: "calico",
          command: "ADD",
          calls: 100,
          failed: 2,
          p50Ms: 51,
          p95Ms: 96,
          p99Ms: 100,
          maxMs: 100,
          totalMs: 5050,
        },
        { plugin: "calico", command: "DEL", calls: 1, failed: 0, p50Ms: 4, p95Ms: 4, p99Ms: 4, maxMs: 4, totalMs: 4 },
        {
          plugin: "portmap",
          command: "ADD",
          calls: 2,
          failed: 1,
          p50Ms: null,
          p95Ms: null,
          p99Ms: null,
          maxMs: null,
          totalMs: 0,
        },
      ],
    },
  )
  assert.deepEqual(slowest, [
    {
      id: "c99",
      plugin: "calico",
      command: "ADD",
      pod: "shop/web-1",
      wallMs: T0 + 99_000,
      durationMs: 100,
      failed: true,
    },
    {
      id: "c98",
      plugin: "calico",
      command: "ADD",
      pod: "shop/web-1",
      wallMs: T0 + 98_000,
      durationMs: 99,
      failed: true,
    },
  ])
})

test("the histogram has buckets at 1, 2 and 5 of every decade between the shortest and the longest call", () => {
  const durations = [0.05, 0.99, 1, 1.999, 2, 12, 30_000]
  const { histogram } = statistics(...durations.map((durationMs, at) => call(`c${at}`, { at, durationMs })))
  assert.deepEqual(
    histogram.map(({ fromMs, toMs, calls }) => `${fromMs}-${toMs}: ${calls}`),
    [
      "0.1-0.2: 1",
      "0.2-0.5: 0",
      "0.5-1: 1",
      "1-2: 2",
      "2-5: 1",
      "5-10: 0",
      "10-20: 1",
      "20-50: 0",
      "50-100: 0",
      "100-200: 0",
      "200-500: 0",
      "500-1000: 0",
      "1000-2000: 0",
      "2000-5000: 0",
      "5000-10000: 0",
      "10000-20000: 0",
      "20000-50000: 1",
    ],
  )
})

// Pain 41.
test("the peak of calls in flight includes nested calls", () => {
  const { timeline } = statistics(
    call("bridge", { at: 0, durationMs: 1500 }),
    call("host-local", { at: 100, durationMs: 100, parent: "bridge" }),
    call("other", { at: 2000, durationMs: 10 }),
  )
  assert.deepEqual(timeline?.inFlight.slice(-3), [2, 1, 1])
  assert.deepEqual(timeline?.calls.slice(-3), [2, 0, 1])
})

test("the peak of calls in flight equals that of a brute-force count", (t) => {
  const random = Random.of(t)
  for (let round = 0; round < 300; round++) {
    const spanMs = random.pick([20, 5_000, 10_000_000])
    // Multiples of ten, so that begins and ends often coincide, also with the start of a step.
    const calls = Array.from({ length: 1 + random.below(40) }, (_, id) => {
      const at = 10 * random.below(spanMs / 10)
      if (random.below(8) === 0) return call(`c${id}`, { at, state: random.pick(["running", "killed"]) })
      return call(`c${id}`, { at, durationMs: 10 * random.below(spanMs / random.pick([10, 100])) })
    })
    const { timeline } = statistics(...calls)
    assert.ok(timeline)
    const { startMs, stepMs, inFlight } = timeline
    assert.deepEqual(
      inFlight,
      inFlight.map((_, step) => peakOf(calls, startMs + step * stepMs, stepMs)),
    )
  }
})

/** The count can rise only when a call begins. */
function peakOf(calls: readonly Call[], fromMs: number, stepMs: number): number {
  const counted = calls.filter(({ state }) => state !== "killed")
  const begins = counted.map(({ wallMs }) => wallMs).filter((wallMs) => wallMs >= fromMs && wallMs < fromMs + stepMs)
  const running = (ms: number) =>
    counted.filter(({ wallMs, durationMs = Number.POSITIVE_INFINITY }) => wallMs <= ms && wallMs + durationMs > ms)
      .length
  const before = counted.filter(
    ({ wallMs, durationMs = Number.POSITIVE_INFINITY }) => wallMs < fromMs && wallMs + durationMs >= fromMs,
  ).length
  return Math.max(before, ...begins.map(running))
}

test("without calls there is no timeline", () => {
  assert.deepEqual(statistics(), { calls: 0, failed: 0, running: 0, groups: [], histogram: [], slowest: [] })
})
