import assert from "node:assert/strict"
import { test } from "node:test"
import { Slots } from "../../src/serve/slots.ts"

test("as many slots as there are, each given back once", () => {
  const slots = new Slots(2)
  const [first, second] = [slots.take(), slots.take()]
  assert.equal(slots.take(), undefined)
  first?.()
  first?.()
  const third = slots.take()
  assert.deepEqual([typeof second, typeof third, slots.take()], ["function", "function", undefined])
})
