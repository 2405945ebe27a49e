import assert from "node:assert/strict"
import { test } from "node:test"
import { isCovered, parseInterval } from "../../src/cni/address-interval.ts"

test("an interval is a prefix, an address or two addresses", () => {
  const v4 = (first: bigint, last: bigint) => ({ bits: 32, first, last })
  assert.deepEqual(parseInterval("10.0.0.9/30"), v4(0x0a000008n, 0x0a00000bn))
  assert.deepEqual(parseInterval("10.0.0.9"), v4(0x0a000009n, 0x0a000009n))
  assert.deepEqual(parseInterval("10.0.0.9-10.0.0.11"), v4(0x0a000009n, 0x0a00000bn))
  assert.deepEqual(parseInterval("10.0.0.9 - 10.0.0.11/24"), v4(0x0a000009n, 0x0a00000bn))
  assert.deepEqual(parseInterval("fd00::1-fd00::2"), {
    bits: 128,
    first: (0xfdn << 120n) + 1n,
    last: (0xfdn << 120n) + 2n,
  })
  for (const text of ["", "10.0.0", "10.0.0.1-fd00::1", "10.0.0.1-2-3", "10.0.0.1/33"])
    assert.equal(parseInterval(text), undefined, text)
})

test("coverage by several intervals, in any order, touching and overlapping, of the same family only", () => {
  const covers = (whole: string, ...parts: string[]) => {
    const [interval, ...others] = [whole, ...parts].map(parseInterval)
    return (
      interval !== undefined &&
      isCovered(
        interval,
        others.flatMap((other) => other ?? []),
      )
    )
  }
  assert.equal(covers("10.0.0.0/24", "10.0.0.128/25", "10.0.0.0/25"), true)
  assert.equal(covers("10.0.0.0/24", "10.0.0.0/25", "10.0.0.129-10.0.0.255"), false)
  assert.equal(covers("10.0.0.0/24", "10.0.0.0/23"), true)
  assert.equal(covers("10.0.0.0/24", "10.0.0.1-10.0.0.255"), false)
  assert.equal(covers("10.0.0.5", "10.0.0.0/30", "10.0.0.5/32"), true)
  assert.equal(covers("::/120", "0.0.0.0/0"), false)
  assert.equal(covers("10.0.0.0/24"), false)
})
