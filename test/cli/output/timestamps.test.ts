import assert from "node:assert/strict"
import { test } from "node:test"
import { attachmentOutput } from "../../../src/cli/output/attachment-output.ts"
import { callOutput, operationOutput } from "../../../src/cli/output/call-output.ts"
import { statisticsOutput } from "../../../src/cli/output/statistics-output.ts"
import { Tally } from "../../../src/model/statistics/statistics.ts"
import { call, operation } from "../../model/calls.ts"

const WALL_MS = Date.UTC(2026, 8, 21, 3, 0, 0, 250)
const STARTED = "2026-09-21T03:00:00.250Z"
const FILE_MS = Date.UTC(2026, 0, 1)

test("every time of a call has its text beside it, in nested calls too", () => {
  const one = { ...call("bridge", { wallMs: WALL_MS }), original: { sizeBytes: 7, modifiedMs: FILE_MS } }
  const expected = {
    ...one,
    startedAt: STARTED,
    original: { sizeBytes: 7, modifiedMs: FILE_MS, modifiedAt: "2026-01-01T00:00:00.000Z" },
  }
  assert.deepEqual(callOutput(one), expected)
  const whole = operation(one)
  const parent = { ...whole, calls: [{ call: one, children: [{ call: one, children: [] }] }] }
  assert.deepEqual(operationOutput(parent), {
    ...whole,
    startedAt: STARTED,
    calls: [{ call: expected, children: [{ call: expected, children: [] }] }],
  })
})

test("an attachment's ADD and DELs have it", () => {
  const attempt = { operation: "a1", wallMs: WALL_MS, outcome: "ok" as const }
  const row = { containerId: "c1", state: "gone" as const, ips: [], delCount: 1, holdings: [], reason: "", files: [] }
  assert.deepEqual(attachmentOutput({ ...row, add: attempt, dels: [attempt] }), {
    ...row,
    add: { ...attempt, startedAt: STARTED },
    dels: [{ ...attempt, startedAt: STARTED }],
  })
})

test("statistics have it for the range, the timeline and the slowest calls; without calls there is no range", () => {
  const tally = new Tally(1)
  tally.add({ ...call("bridge", { wallMs: WALL_MS }), durationMs: 3 })
  const { firstAt, lastAt, timeline, slowest } = statisticsOutput(tally.statistics())
  assert.deepEqual([firstAt, lastAt, slowest.map(({ startedAt }) => startedAt)], [STARTED, STARTED, [STARTED]])
  assert.equal(timeline?.startAt, new Date(timeline?.startMs ?? 0).toISOString())
  const none = statisticsOutput(new Tally(1).statistics())
  assert.deepEqual(["firstAt" in none, "lastAt" in none, "timeline" in none], [false, false, false])
})
