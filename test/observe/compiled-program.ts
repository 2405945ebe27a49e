import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { buildExecutables } from "../../scripts/build/node-executable.ts"
import { TARGETS } from "../../scripts/build/targets.ts"

/** Compiles a program of this folder as the node executable is, with the same native functions, and runs it. */
export async function runCompiled(
  t: TestContext,
  program: string,
  args: readonly unknown[],
): Promise<{ stdout: string; stderr: string }> {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-compiled-"))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const executable = join(directory, "program")
  const source = join(import.meta.dirname, program)
  await buildExecutables(source, TARGETS.slice(0, 1), () => executable, join(directory, "build"))
  const { stdout, stderr } = spawnSync(executable, args.map(String), { encoding: "utf8", cwd: directory })
  return { stdout, stderr }
}
