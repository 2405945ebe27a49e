import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { build } from "esbuild"
import { buildExecutables } from "../../scripts/build/node-executable.ts"
import { TARGETS } from "../../scripts/build/targets.ts"

const PROGRAM = join(import.meta.dirname, "contract-program.ts")

test("src/engine does what Node.js' modules do, errors included", async (t) => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "cnitap-contract-")))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const [executable, script] = [join(directory, "contract"), join(directory, "contract.mjs")]
  const [target] = TARGETS
  assert.ok(target)
  await buildExecutables(PROGRAM, [target], () => executable, join(directory, "build"))
  await build({ entryPoints: [PROGRAM], bundle: true, platform: "node", format: "esm", outfile: script })
  const found = linesOf(executable, [], join(directory, "one"))
  const expected = linesOf(process.execPath, [script], join(directory, "two"))
  for (const [at, line] of expected.entries()) assert.equal(found[at], line)
  assert.equal(found.length, expected.length)
})

/** What it prints over an empty directory. */
function linesOf(file: string, args: readonly string[], directory: string): string[] {
  mkdirSync(directory)
  const { stdout, stderr, status } = spawnSync(file, [...args, directory], { encoding: "utf8", timeout: 60_000 })
  assert.deepEqual([status, stderr], [0, ""])
  return stdout.split("\n")
}
