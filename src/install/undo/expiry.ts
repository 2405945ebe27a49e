import type { Disk } from "../disk/disk.ts"
import { type InstallRecord, readJournal } from "../disk/journal.ts"
import { layoutOf } from "../disk/layout.ts"
import { type UndoContext, type UndoResult, undo } from "./undo.ts"
import { removeShimDir } from "./uninstall.ts"

export type ExpiredInstall = { binDir: string; untilMs: number; undone: UndoResult }

/** Restores the files of every expired install. Its relays have not recorded anything since it expired. */
export function restoreExpired(
  disk: Disk,
  installDirs: readonly string[],
  shimDir: string,
  undoContext: UndoContext,
  nowMs: number,
): ExpiredInstall[] {
  const expired = installDirs.flatMap((binDir) => {
    const untilMs = installIn(disk, binDir)?.settings.untilMs
    if (untilMs === undefined || untilMs > nowMs) return []
    const undone = undo(disk, binDir, undoContext)
    return undone ? [{ binDir, untilMs, undone }] : []
  })
  if (expired.length > 0) removeShimDir(disk, shimDir)
  return expired
}

/** The current install of a directory. */
export function installIn(disk: Disk, binDir: string): InstallRecord | undefined {
  const journal = readJournal(disk, layoutOf(binDir).journal, binDir)
  return journal?.isRetired ? undefined : journal?.installs.at(-1)
}
