import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"

/** Until the test ends, `kubectl` is a shell script. Returns the directory that it is in, and runs in. */
export function kubectlScript(t: TestContext, script: string): string {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-kubectl-"))
  const { PATH } = process.env
  t.after(() => {
    process.env.PATH = PATH
    rmSync(directory, { recursive: true })
  })
  writeFileSync(join(directory, "kubectl"), `#!/bin/sh\ncd "\${0%/*}"\n${script}\n`, { mode: 0o755 })
  process.env.PATH = `${directory}:${PATH}`
  return directory
}
