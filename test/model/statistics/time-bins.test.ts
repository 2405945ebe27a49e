import assert from "node:assert/strict"
import { test } from "node:test"
import { binOperations, roundStep, roundTimes, roundUp } from "../../../src/model/statistics/time-bins.ts"

const FROM_MS = Date.UTC(2026, 8, 21, 3, 0)

test("operations are counted in steps of a round duration, by how they ended", () => {
  const at = (seconds: number, outcome: "ok" | "failed" | "killed" | "running") => ({
    wallMs: FROM_MS + seconds * 1_000,
    outcome,
  })
  const operations = [
    at(-5, "ok"),
    at(0, "ok"),
    at(1.9, "failed"),
    at(2, "killed"),
    at(3, "running"),
    at(59, "running"),
    at(70, "ok"),
  ]
  const nowMs = FROM_MS + 60_000
  assert.deepEqual(binOperations(operations, { fromMs: FROM_MS + 10, toMs: FROM_MS + 6_000, nowMs }, 4), {
    startMs: FROM_MS,
    stepMs: 2_000,
    all: [2, 2, 0, 0],
    failed: [1, 0, 0, 0],
    killed: [0, 1, 0, 0],
    hungSinceMs: [FROM_MS + 3_000],
  })
})

test("steps and ticks are round in the zone of the reader", () => {
  assert.deepEqual(
    [0.2, 7, 400, 50_000, 3_600_000, 7 * 86_400_000, 400 * 86_400_000].map((spanMs) => roundStep(spanMs, 8)),
    [1, 1, 50, 10_000, 600_000, 86_400_000, 8 * 7 * 86_400_000],
  )
  const offsetMs = 9 * 3_600_000
  const { stepMs, times } = roundTimes(FROM_MS, FROM_MS + 2 * 86_400_000, 3, offsetMs)
  assert.equal(stepMs, 86_400_000)
  assert.deepEqual(
    times.map((ms) => new Date(ms).toISOString()),
    ["2026-09-21T15:00:00.000Z", "2026-09-22T15:00:00.000Z"],
  )
  assert.deepEqual([0, 0.7, 1, 3, 49, 51, 2_190].map(roundUp), [0.001, 1, 1, 5, 50, 100, 5_000])
})
