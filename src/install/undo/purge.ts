import { lstatSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { indexedSegment, isSegmentName } from "../../capture/segment-name.ts"
import type { Install } from "../apply/journal.ts"
import type { Disk } from "../disk/disk.ts"
import { list } from "../disk/plugin-dir.ts"

/** Removes what was recorded: segments, their indexes, the article's log. A directory with other files in it stays. */
export function purge(disk: Disk, { settings: { capture, logFile } }: Install): string[] {
  const segments = list(disk.at(capture))
    .filter((name) => isSegmentName(name) || indexedSegment(name) !== undefined)
    .map((name) => join(capture, name))
  const files = [...segments, ...(logFile === undefined ? [] : [logFile])]
  const purged = files.filter(
    (path) => lstatSync(disk.at(path), { throwIfNoEntry: false })?.isFile() && disk.remove(path),
  )
  if (list(disk.at(capture)).length > 0 || !disk.removeDirectory(capture)) return purged
  // Made by an install whose journal went while the capture stayed.
  if (basename(dirname(capture)) === "cnitap") disk.removeDirectory(dirname(capture))
  return [...purged, capture]
}
