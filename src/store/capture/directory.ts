import { opendirSync, promises } from "node:fs"
import { Fault } from "../../fault/fault.ts"

/** Names in a directory, sorted. Empty if the directory does not exist. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await promises.readdir(directory)).sort()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR") return []
    if (code === "EACCES" || code === "EPERM")
      throw new Fault("NOT_PERMITTED", `permission denied: cannot read ${directory}`, "Run as root.")
    throw error
  }
}

const ENTRIES_PER_READ = 4096

/** Names in a directory that match, in any order; others are not kept in memory. Throws the error of opening it. */
export function* namesLike(directory: string, matches: (name: string) => boolean): Generator<string> {
  const entries = opendirSync(directory, { bufferSize: ENTRIES_PER_READ })
  try {
    for (let entry = entries.readSync(); entry; entry = entries.readSync()) if (matches(entry.name)) yield entry.name
  } finally {
    entries.closeSync()
  }
}
