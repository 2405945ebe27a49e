import assert from "node:assert/strict"
import { test } from "node:test"
import { Random } from "../capture/random.ts"
import { runCompiled } from "./compiled-program.ts"

test("lines made of bytes in native code are those that a script makes of strings", async (t) => {
  const seed = Random.seed()
  t.diagnostic(`seed ${seed}`)
  assert.deepEqual(await runCompiled(t, "payloads-program.ts", [seed, 4000]), { stdout: "0\n", stderr: "" })
})
