import type { Disk } from "../disk/disk.ts"
import { readJournal } from "../disk/journal.ts"
import { layoutOf } from "../disk/layout.ts"
import { type UndoContext, type UndoResult, undo } from "./undo.ts"
import { removeShimDir } from "./uninstall.ts"

/** `capture`: where it recorded, from the first install of the directory until its time was over. */
export type ExpiredInstall = {
  binDir: string
  capture: string
  installedMs: number
  untilMs: number
  undone: UndoResult
}

/** Restores the files of every expired install. Its relays have not recorded anything since it expired. */
export function restoreExpired(
  disk: Disk,
  installDirs: readonly string[],
  shimDir: string,
  undoContext: UndoContext,
  nowMs: number,
): ExpiredInstall[] {
  const expired = installDirs.flatMap((binDir) => {
    const journal = readJournal(disk, layoutOf(binDir).journal, binDir)
    const { capture, untilMs } = (journal?.isRetired ? undefined : journal?.installs.at(-1))?.settings ?? {}
    if (capture === undefined || untilMs === undefined || untilMs > nowMs) return []
    const installedMs = journal?.installs[0]?.wallMs ?? untilMs
    const undone = undo(disk, binDir, undoContext)
    return undone ? [{ binDir, capture, installedMs, untilMs, undone }] : []
  })
  if (expired.length > 0) removeShimDir(disk, shimDir)
  return expired
}
