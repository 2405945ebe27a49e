import assert from "node:assert/strict"
import { test } from "node:test"
import { lossTexts } from "../../src/model/losses.ts"

test("what was lost is said in one sentence for each kind", () => {
  const why = "because the kernel's buffer was full"
  const preempted =
    "because a process was preempted in the observer's program: calls in flight are marked, and calls may be missing"
  assert.deepEqual(lossTexts({ calls: 0, ends: 0, pieces: 0, misses: 0, records: 0 }), [])
  assert.deepEqual(lossTexts({ calls: 1, ends: 1, pieces: 1, misses: 1, records: 1 }), [
    `1 call was not recorded, ${why}`,
    `the end of 1 call was not recorded, ${why}`,
    `1 piece of a stream was lost, ${why}: its call is marked`,
    `1 event was not seen, ${preempted}`,
    "1 record could not be written",
  ])
  assert.deepEqual(lossTexts({ calls: 2, ends: 2, pieces: 2, misses: 2, records: 2 }), [
    `2 calls were not recorded, ${why}`,
    `the end of 2 calls was not recorded, ${why}`,
    `2 pieces of streams were lost, ${why}: their calls are marked`,
    `2 events were not seen, ${preempted}`,
    "2 records could not be written",
  ])
})
