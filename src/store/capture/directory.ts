import { opendirSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { Fault } from "../../fault/fault.ts"

/** What lies in a directory, sorted; nothing where there is none. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR") return []
    if (code === "EACCES" || code === "EPERM")
      throw new Fault("NOT_PERMITTED", `${directory} may not be read`, "Run as root.")
    throw error
  }
}

const ENTRIES_AT_ONCE = 4096

/** Names in a directory that are wanted, in any order; of a million others none is kept. Throws what opening throws. */
export function* namesLike(directory: string, isWanted: (name: string) => boolean): Generator<string> {
  const entries = opendirSync(directory, { bufferSize: ENTRIES_AT_ONCE })
  try {
    for (let entry = entries.readSync(); entry; entry = entries.readSync()) if (isWanted(entry.name)) yield entry.name
  } finally {
    entries.closeSync()
  }
}
