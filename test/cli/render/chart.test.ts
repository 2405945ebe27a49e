import assert from "node:assert/strict"
import { test } from "node:test"
import { bar, columnChart, squeezed } from "../../../src/cli/render/chart.ts"
import { wrap } from "../../../src/cli/terminal/wrap.ts"

test("a bar is as long as its share, and visible for any share above 0", () => {
  assert.deepEqual(
    [0, 0.0001, 0.25, 0.55, 1].map((share) => bar(share, 8)),
    ["", "▏", "██", "████▍", "████████"],
  )
})

test("columns have one baseline", () => {
  assert.deepEqual(columnChart([0, 1, 4, 8], 2), ["   █", " ▂██"])
  assert.deepEqual(columnChart([0, 0], 1), ["  "])
})

test("values that do not fit are reduced to maxima", () => {
  assert.deepEqual(squeezed([1, 2, 3, 9, 5], 3), [2, 9, 5])
  assert.deepEqual(squeezed([1, 2], 10), [1, 2])
})

test("lines are wrapped at spaces and indented; unchanged without a terminal", () => {
  assert.equal(wrap("bridge failed: no addresses left", 30, 4), "bridge failed: no\n    addresses left")
  assert.equal(wrap("bridge failed: no addresses left", undefined, 4), "bridge failed: no addresses left")
})
