import assert from "node:assert/strict"
import { test } from "node:test"
import { RepairBackoff } from "../../../src/install/watch/repair-backoff.ts"

test("three repairs in 30 s, then a pause of one minute, then two minutes, each reported once", () => {
  const throttle = new RepairBackoff()
  const seconds = [0, 5, 10, 15, 20, 74, 75, 80, 85, 90, 205, 210]
  assert.deepEqual(
    seconds.map((second) => {
      const permission = throttle.take(second * 1000)
      return permission.isAllowed
        ? "repaired"
        : `until ${permission.untilMs / 1000}${permission.isNew ? " (reported)" : ""}`
    }),
    [
      "repaired",
      "repaired",
      "repaired",
      "until 75 (reported)",
      "until 75",
      "until 75",
      "repaired",
      "repaired",
      "repaired",
      "until 210 (reported)",
      "until 210",
      "repaired",
    ],
  )
})

test("infrequent repairs are always allowed, and after a long time without repairs the pause is short again", () => {
  const throttle = new RepairBackoff()
  const take = (second: number) => throttle.take(second * 1000)
  for (let second = 0; second <= 600; second += 20) assert.equal(take(second).isAllowed, true)
  assert.equal(take(601).isAllowed, true)
  assert.deepEqual(take(602), { isAllowed: false, untilMs: 662_000, isNew: true })
  for (const second of [10_000, 10_001, 10_002]) assert.equal(take(second).isAllowed, true)
  assert.deepEqual(take(10_003), { isAllowed: false, untilMs: 10_063_000, isNew: true })
})
