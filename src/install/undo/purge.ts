import { lstatSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { indexedSegment, isSegmentName } from "../../capture/segment-name.ts"
import type { Disk } from "../disk/disk.ts"
import type { InstallRecord } from "../disk/journal.ts"
import { HOME } from "../disk/layout.ts"
import { list } from "../disk/plugin-dir.ts"

/** Removes the recorded segments, their indexes and the probe log. A directory with other files is kept. */
export function purge(disk: Disk, { settings: { capture, logFile } }: InstallRecord): string[] {
  const segments = list(disk.at(capture))
    .filter((name) => isSegmentName(name) || indexedSegment(name) !== undefined)
    .map((name) => join(capture, name))
  const files = [...segments, ...(logFile === undefined ? [] : [logFile])]
  const purged = files.filter(
    (path) => lstatSync(disk.entry(path), { throwIfNoEntry: false })?.isFile() && disk.remove(path),
  )
  if (list(disk.at(capture)).length > 0 || !disk.removeDirectory(capture)) return purged
  // It was created by an earlier install, whose journal no longer exists, or for the journal too.
  if (["cnitap", HOME].includes(basename(dirname(capture)))) disk.removeDirectory(dirname(capture))
  return [...purged, capture]
}
