import assert from "node:assert/strict"
import { rmSync } from "node:fs"
import { test } from "node:test"
import { openCapture } from "../../../src/store/capture/capture.ts"
import { Random } from "../../capture/random.ts"
import { writeRandomCapture } from "../random-capture.ts"
import { allAtOnce, fromIndexes } from "./both-ways.ts"

/** More than is indexed without threads. */
const LEAST_BYTES = 2_200_000

test("what threads index is what one thread puts together from all calls at once", async (t) => {
  const seed = Random.seed()
  t.diagnostic(`CNITAP_SEED=${seed}`)
  const directory = writeRandomCapture(new Random(seed), 1200, { nodes: 2, torn: true, clockSteps: true })
  t.after(() => rmSync(directory, { recursive: true }))
  const segments = await (await openCapture(directory)).segments()
  assert.ok(segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > LEAST_BYTES)
  assert.deepEqual(await fromIndexes(directory), await allAtOnce(directory))
})
