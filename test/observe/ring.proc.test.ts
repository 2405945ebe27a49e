import assert from "node:assert/strict"
import { test } from "node:test"
import { Random } from "../capture/random.ts"
import { runCompiled } from "./compiled-program.ts"

test("records of any length are read from the ring as they were written, also across its end, until one is not complete", async (t) => {
  const seed = Random.seed()
  t.diagnostic(`seed ${seed}`)
  assert.deepEqual(await runCompiled(t, "ring-program.ts", [seed, 3000]), { stdout: "0\n", stderr: "" })
})
