import assert from "node:assert/strict"
import { test } from "node:test"
import { Random } from "../capture/random.ts"
import { fuzzHostParts } from "../fuzz/host-parts.ts"

test("random input for the parts of the relay, with sanitizers: a second of what `npm run fuzz` does", (t) => {
  const seed = Random.seed()
  t.diagnostic(`CNITAP_SEED=${seed}`)
  assert.match(fuzzHostParts(seed, 1), /^\d+ rounds$/)
})
