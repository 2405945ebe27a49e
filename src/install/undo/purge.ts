import { lstatSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import type { Install } from "../apply/journal.ts"
import type { Disk } from "../disk/disk.ts"
import { list } from "../disk/plugin-dir.ts"

/** A segment; a reader's index of one, finished or left behind by a reader that was killed. */
const RECORDED = /^(?:calls-\d{8}T\d{2}\.jsonl|\.calls-\d{8}T\d{2}\.jsonl\.index(?:\.\d+)?)$/

/** Removes what was recorded: segments, their indexes, the article's log. A directory with other files in it stays. */
export function purge(disk: Disk, { settings: { capture, logFile } }: Install): string[] {
  const segments = list(disk.at(capture))
    .filter((name) => RECORDED.test(name))
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
