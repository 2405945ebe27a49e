import assert from "node:assert/strict"
import { test } from "node:test"
import { implies } from "../../../src/model/filter/implies.ts"
import { parseFilter } from "../../../src/model/filter/parse.ts"

const PAIRS: [filter: string, other: string, isImplied: boolean][] = [
  ["orders", "order", true],
  ["order", "orders", false],
  ["ORDERS", "order", true],
  ["orders failed", "orders", true],
  ["orders carts", "order cart", true],
  ["orders", "orders failed", false],
  ["plugin=bridge orders", "plugin=bridge order", true],
  ["plugin=bridge", "plugin=bridg", false],
  ["plugin~bridge", "plugin~bri", true],
  ["plugin!~bridge", "plugin!~bri", false],
  ["plugin~bridge", "pod~bri", false],
  ["plugin in (a, b)", "plugin=a", false],
  ["orders or carts", "orders", false],
  ["orders", "order or cart", false],
  ["not orders", "not order", false],
  ["duration>100ms", "duration>10ms", false],
  ["duration>10ms", "duration>10ms", true],
  ["/Ab/", "/Ab/i", false],
  ["orders", "", true],
]

for (const [filter, other, isImplied] of PAIRS)
  test(`${filter} ${isImplied ? "implies" : "does not imply"} ${other || "everything"}`, () => {
    const [first, second] = [parseFilter(filter, 0), parseFilter(other, 0)]
    assert.ok(first.ok && second.ok)
    assert.equal(implies(first.filter, second.filter), isImplied)
  })
