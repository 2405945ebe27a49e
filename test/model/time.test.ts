import assert from "node:assert/strict"
import { test } from "node:test"
import { parseInstant } from "../../src/model/time.ts"

const NOW_MS = Date.UTC(2026, 8, 21, 3, 30)

test("points in time: relative, by name and as a date, in UTC unless a zone is written", () => {
  const at = (text: string) => {
    const instant = parseInstant(text, NOW_MS)
    return instant === undefined ? undefined : new Date(instant).toISOString()
  }
  assert.equal(at("10m"), "2026-09-21T03:20:00.000Z")
  assert.equal(at("1h30m ago"), "2026-09-21T02:00:00.000Z")
  assert.equal(at("now"), "2026-09-21T03:30:00.000Z")
  assert.equal(at("today"), "2026-09-21T00:00:00.000Z")
  assert.equal(at("yesterday"), "2026-09-20T00:00:00.000Z")
  assert.equal(at("2026-09-21T03:00"), "2026-09-21T03:00:00.000Z")
  assert.equal(at("2026-09-21T03:00:00+02:00"), "2026-09-21T01:00:00.000Z")
  assert.equal(at("ago"), undefined)
  assert.equal(at("tomorrow"), undefined)
})
