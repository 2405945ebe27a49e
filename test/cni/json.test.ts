import assert from "node:assert/strict"
import { test } from "node:test"
import { MAX_JSON_DEPTH, parseJson } from "../../src/cni/json.ts"

const nested = (depth: number, inner = "1") => `${"[".repeat(depth)}${inner}${"]".repeat(depth)}`
/** Longer than what is parsed without a look at its depth. */
const LONG = " ".repeat(200)

test("JSON is read to 64 levels; brackets in strings do not count", () => {
  const value = (text: string) => (parseJson(text) === undefined ? "text" : "JSON")
  const brackets = JSON.stringify('[[\\"{{'.repeat(100))
  assert.deepEqual(
    [
      value(nested(MAX_JSON_DEPTH) + LONG),
      value(nested(MAX_JSON_DEPTH + 1) + LONG),
      value(nested(100_000)),
      value(nested(MAX_JSON_DEPTH, brackets)),
      value(nested(MAX_JSON_DEPTH, '"\\\\"') + LONG),
      value(`${nested(MAX_JSON_DEPTH, '"\\"')}${LONG}`),
      value(`[${nested(63)},${nested(63)}]${LONG}`),
      value("[".repeat(100_000)),
    ],
    ["JSON", "text", "text", "JSON", "JSON", "text", "JSON", "text"],
  )
})
