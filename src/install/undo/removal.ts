import { basename, dirname } from "node:path"
import { type Install, readJournal } from "../apply/journal.ts"
import { type Disk, exists } from "../disk/disk.ts"
import { layoutOf } from "../disk/layout.ts"
import { purge } from "./purge.ts"
import { type Left, type Surroundings, type Tombstone, undo } from "./undo.ts"

/** What an uninstall did, over all plugin directories. */
export type Removal = {
  /** where something of ours was */
  binDirs: string[]
  restored: string[]
  left: Left[]
  tombstones: Tombstone[]
  /** captures and log files that stay */
  captures: string[]
  purged: string[]
}

/** Takes back whatever is installed in these directories; with `isPurged` what was recorded, too. */
export function removeAll(
  disk: Disk,
  homes: readonly string[],
  surroundings: Surroundings,
  isPurged: boolean,
): Removal {
  const removal: Removal = { binDirs: [], restored: [], left: [], tombstones: [], captures: [], purged: [] }
  for (const binDir of homes) {
    const journal = readJournal(disk, layoutOf(binDir).journal, binDir)
    const undone = undo(disk, binDir, surroundings)
    if (!undone) continue
    removal.binDirs.push(binDir)
    removal.restored.push(...undone.restored)
    removal.left.push(...undone.left)
    removal.tombstones.push(...undone.tombstones)
    // Only now does no relay write any more.
    if (isPurged) for (const install of journal?.installs ?? []) removal.purged.push(...purge(disk, install))
    for (const step of [...(journal?.steps ?? [])].reverse()) if (step.kind === "mkdir") disk.removeDirectory(step.path)
    removal.captures.push(...outputsOf(journal?.installs ?? []).filter((path) => exists(disk, path)))
  }
  return { ...removal, captures: [...new Set(removal.captures)] }
}

/** Pass-through executables go when nothing names them any more. Returns the paths of those that went. */
export function tidyTombstones(
  disk: Disk,
  homes: readonly string[],
  shimDir: string,
  surroundings: Surroundings,
): string[] {
  const gone = homes.flatMap((binDir) => {
    if (!readJournal(disk, layoutOf(binDir).journal, binDir)?.isRetired) return []
    return undo(disk, binDir, surroundings)?.restored ?? []
  })
  if (gone.length > 0) removeShimDir(disk, shimDir)
  return gone
}

/** Path mode's directory is ours, and so is the one around it by default; a directory with anything in it stays. */
export function removeShimDir(disk: Disk, shimDir: string): void {
  if (exists(disk, shimDir) && !disk.removeDirectory(shimDir)) return
  if (basename(dirname(shimDir)) === "cnitap") disk.removeDirectory(dirname(shimDir))
}

function outputsOf(installs: readonly Install[]): string[] {
  return installs.flatMap(({ settings: { capture, logFile } }) => [
    capture,
    ...(logFile === undefined ? [] : [logFile]),
  ])
}
