import assert from "node:assert/strict"
import { test } from "node:test"
import { timeRangeOf, withTimeRange, withZone } from "../../../src/model/filter/time-range.ts"

const HOUR_MS = 3_600_000
const NOW_MS = Date.UTC(2026, 8, 21, 3, 30)
const format = (ms: number) => new Date(ms).toISOString().slice(0, 19)
const FROM_MS = Date.UTC(2026, 8, 21, 3, 0)
const TO_MS = Date.UTC(2026, 8, 21, 3, 5)

test("the limits of a filter are those that hold for all that it matches", () => {
  assert.deepEqual(timeRangeOf("failed and since=30m until=2026-09-21T03:05", NOW_MS), {
    sinceMs: FROM_MS,
    untilMs: TO_MS,
  })
  assert.deepEqual(timeRangeOf("since=1h and time>2026-09-21T03:00", NOW_MS), { sinceMs: FROM_MS })
  assert.deepEqual(timeRangeOf("since=30m or failed", NOW_MS), {})
  assert.deepEqual(timeRangeOf("not since=30m", NOW_MS), {})
  assert.deepEqual(timeRangeOf("since=", NOW_MS), {})
})

test("limits replace those of the filter, and leave the rest of its text as it is", () => {
  const limited = (text: string) => withTimeRange(text, { sinceMs: FROM_MS, untilMs: TO_MS }, format, NOW_MS)
  const limits = "since=2026-09-21T03:00:00 and until=2026-09-21T03:05:00"
  assert.equal(limited(""), limits)
  assert.equal(limited("failed"), `failed and ${limits}`)
  assert.equal(limited("failed or killed"), `(failed or killed) and ${limits}`)
  assert.equal(limited("since=10m and  failed and until=5m"), `failed and ${limits}`)
  assert.equal(limited("since=10m failed until=5m"), `failed and ${limits}`)
  assert.equal(limited(limits), limits)
  assert.equal(limited("(since=10m) failed"), `(since=10m) failed and ${limits}`)
  assert.equal(limited("msg ~ 'and since=1h' and since=1h"), `msg ~ 'and since=1h' and ${limits}`)
  assert.equal(withTimeRange("since=10m and failed", {}, format, NOW_MS), "failed")
  assert.equal(withTimeRange("a or b", {}, format, NOW_MS), "a or b")
})

test("today and yesterday are days of the reader", () => {
  const now = Date.parse("2026-09-20T16:30:00Z")
  const zoned = (text: string, hours: number) => withZone(text, () => hours * HOUR_MS, now)
  assert.equal(zoned("since=today", 9), "since=2026-09-21T00:00+09:00")
  assert.equal(
    zoned("since=yesterday and until=today", 9),
    "since=2026-09-20T00:00+09:00 and until=2026-09-21T00:00+09:00",
  )
  assert.equal(zoned("time < Today failed", -8), "time < 2026-09-20T00:00-08:00 failed")
  assert.equal(zoned("since=today", 0), "since=2026-09-20T00:00Z")
  assert.equal(zoned("'since=today' todays since=todays", 9), "'since=today' todays since=todays")
})

test("times without a zone get that of the reader", () => {
  const zoned = (text: string) => withZone(text, () => 9 * HOUR_MS, NOW_MS)
  assert.equal(zoned("failed and since=2026-09-21T03:00"), "failed and since=2026-09-21T03:00+09:00")
  assert.equal(zoned("time >= 2026-09-21T03:00:01.5 x"), "time >= 2026-09-21T03:00:01.5+09:00 x")
  assert.equal(zoned("until=2026-09-21"), "until=2026-09-21T00:00+09:00")
  for (const text of ["since=2026-09-21T03:00Z", "since=2026-09-21T03:00-02:00", "since=10m", "'since=2026-09-21'"])
    assert.equal(zoned(text), text)
})
