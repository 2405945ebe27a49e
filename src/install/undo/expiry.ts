import { type Install, readJournal } from "../apply/journal.ts"
import type { Disk } from "../disk/disk.ts"
import { layoutOf } from "../disk/layout.ts"
import { removeShimDir } from "./removal.ts"
import { type Surroundings, type Undone, undo } from "./undo.ts"

export type Expired = { binDir: string; untilMs: number; undone: Undone }

/** Restores the files of every install whose time is over. Its relays have recorded nothing since. */
export function restoreExpired(
  disk: Disk,
  homes: readonly string[],
  shimDir: string,
  surroundings: Surroundings,
  nowMs: number,
): Expired[] {
  const expired = homes.flatMap((binDir) => {
    const untilMs = installIn(disk, binDir)?.settings.untilMs
    if (untilMs === undefined || untilMs > nowMs) return []
    const undone = undo(disk, binDir, surroundings)
    return undone ? [{ binDir, untilMs, undone }] : []
  })
  if (expired.length > 0) removeShimDir(disk, shimDir)
  return expired
}

/** The install that is there now. */
export function installIn(disk: Disk, binDir: string): Install | undefined {
  const journal = readJournal(disk, layoutOf(binDir).journal, binDir)
  return journal?.isRetired ? undefined : journal?.installs.at(-1)
}
