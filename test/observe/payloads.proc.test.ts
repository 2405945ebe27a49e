import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { buildExecutables } from "../../scripts/build/node-executable.ts"
import { TARGETS } from "../../scripts/build/targets.ts"
import { Random } from "../capture/random.ts"

test("lines made of bytes in native code are those that a script makes of strings", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-payloads-"))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const [executable, seed] = [join(directory, "payloads"), Random.seed()]
  t.diagnostic(`seed ${seed}`)
  const [target] = TARGETS
  assert.ok(target)
  const program = join(import.meta.dirname, "payloads-program.ts")
  await buildExecutables(program, [target], () => executable, join(directory, "build"))
  const { stdout, stderr } = spawnSync(executable, [String(seed), "4000"], { encoding: "utf8" })
  assert.deepEqual({ stdout, stderr }, { stdout: "0\n", stderr: "" })
})
