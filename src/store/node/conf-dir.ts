import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { type ConfDirEntry, isConfName } from "../../model/lint/conf/lint-dir.ts"
import { decodeSource } from "./source-file.ts"

/** The files of a configuration directory, sorted by name; files whose name is not that of a configuration are left out. */
export function readConfDir(directory: string): ConfDirEntry[] {
  return readdirSync(directory)
    .sort()
    .filter(isConfName)
    .flatMap((name) => {
      const path = join(directory, name)
      const stats = statSync(path, { throwIfNoEntry: false })
      // Reading a named pipe would wait for a writer.
      if (!stats?.isFile()) return []
      return [{ name, modifiedMs: stats.mtimeMs, source: decodeSource(readFileSync(path)) }]
    })
}
