import { lstatSync } from "node:fs"
import { join } from "node:path"
import type { Disk } from "./disk.ts"
import type { Install } from "./journal.ts"
import { list } from "./site.ts"

/** Removes what was recorded: segments, their indexes, the article's log. A directory with other files in it stays. */
export function purge(disk: Disk, { settings: { capture, logFile } }: Install): string[] {
  const segments = list(disk.at(capture))
    .filter((name) => /^\.?calls-\d{8}T\d{2}\.jsonl(?:\.index)?$/.test(name))
    .map((name) => join(capture, name))
  const files = [...segments, ...(logFile === undefined ? [] : [logFile])]
  const purged = files.filter(
    (path) => lstatSync(disk.at(path), { throwIfNoEntry: false })?.isFile() && disk.remove(path),
  )
  return list(disk.at(capture)).length === 0 && disk.removeDirectory(capture) ? [...purged, capture] : purged
}
