import assert from "node:assert/strict"
import { test } from "node:test"
import { parseSize } from "../../src/model/size.ts"

test("a size is a number with its unit, in any case", () => {
  const sizes = { "512b": 512, "512kB": 512_000, "1.5MiB": 1.5 * 1024 ** 2, "2gib": 2 * 1024 ** 3, "1GB": 1e9 }
  assert.deepEqual(Object.fromEntries(Object.keys(sizes).map((text) => [text, parseSize(text)])), sizes)
  assert.deepEqual(["", "12", "MiB", "1 MiB", "-1MB", "1TB", "1MiBs"].map(parseSize), Array(7).fill(undefined))
})
