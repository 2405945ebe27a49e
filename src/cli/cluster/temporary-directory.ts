import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Runs with a private directory, which is removed however that ends, also if the process exits meanwhile. */
export async function withTemporaryDirectory<Result>(run: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-"))
  const remove = () => rmSync(directory, { recursive: true, force: true })
  process.once("exit", remove)
  try {
    return await run(directory)
  } finally {
    remove()
    process.removeListener("exit", remove)
  }
}
