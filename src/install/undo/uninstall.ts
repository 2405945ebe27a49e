import { basename, dirname } from "node:path"
import { type Disk, exists } from "../disk/disk.ts"
import { type InstallRecord, readJournal } from "../disk/journal.ts"
import { layoutOf } from "../disk/layout.ts"
import { purge } from "./purge.ts"
import { type NotRestored, type Tombstone, type UndoContext, undo } from "./undo.ts"

/** What an uninstall did in all plugin directories; `uninstall -o json` prints it. */
export type UninstallOutput = {
  /** directories where cnitap was installed */
  binDirs: string[]
  /** plugins and files that are as they were before */
  restored: string[]
  notRestored: NotRestored[]
  tombstones: Tombstone[]
  /** captures and probe logs that were kept */
  captures: string[]
  /** removed files and directories, with --purge */
  purged: string[]
}

/** Uninstalls from these directories; with `isPurged` it removes the captures too. */
export function uninstallAll(
  disk: Disk,
  installDirs: readonly string[],
  undoContext: UndoContext,
  isPurged: boolean,
): UninstallOutput {
  const output: UninstallOutput = {
    binDirs: [],
    restored: [],
    notRestored: [],
    tombstones: [],
    captures: [],
    purged: [],
  }
  for (const binDir of installDirs) {
    const journal = readJournal(disk, layoutOf(binDir).journal, binDir)
    const undone = undo(disk, binDir, undoContext)
    if (!undone) continue
    output.binDirs.push(binDir)
    output.restored.push(...undone.restored)
    output.notRestored.push(...undone.notRestored)
    output.tombstones.push(...undone.tombstones)
    // From here on no relay writes any more.
    if (isPurged) for (const install of journal?.installs ?? []) output.purged.push(...purge(disk, install))
    for (const step of [...(journal?.steps ?? [])].reverse()) if (step.kind === "mkdir") disk.removeDirectory(step.path)
    output.captures.push(...outputsOf(journal?.installs ?? []).filter((path) => exists(disk, path)))
  }
  return { ...output, captures: [...new Set(output.captures)] }
}

/** Removes tombstones that nothing names any more, and returns their paths. */
export function tidyTombstones(
  disk: Disk,
  installDirs: readonly string[],
  shimDir: string,
  undoContext: UndoContext,
): string[] {
  const removed = installDirs.flatMap((binDir) => {
    if (!readJournal(disk, layoutOf(binDir).journal, binDir)?.isRetired) return []
    return undo(disk, binDir, undoContext)?.restored ?? []
  })
  if (removed.length > 0) removeShimDir(disk, shimDir)
  return removed
}

/** Removes path mode's directory and, at the default path, its parent. A directory that is not empty is kept. */
export function removeShimDir(disk: Disk, shimDir: string): void {
  if (exists(disk, shimDir) && !disk.removeDirectory(shimDir)) return
  if (basename(dirname(shimDir)) === "cnitap") disk.removeDirectory(dirname(shimDir))
}

function outputsOf(installs: readonly InstallRecord[]): string[] {
  return installs.flatMap(({ settings: { capture, logFile } }) => [
    capture,
    ...(logFile === undefined ? [] : [logFile]),
  ])
}
