import { join } from "node:path"
import { type Disk, exists } from "../disk/disk.ts"
import { appendEntry, readJournal } from "../disk/journal.ts"
import { layoutOf, OBSERVER_DIR, type PluginDirLayout } from "../disk/layout.ts"
import { lock } from "../disk/lock.ts"
import { stopObserver } from "../disk/observer-process.ts"
import { assertNoOriginals, list } from "../disk/plugin-dir.ts"
import type { InstallStep } from "../plan/step.ts"
import { cleanUp, restore } from "./rollback.ts"

/** What undo needs to know about the node, in addition to the journal. */
export type UndoContext = {
  /** directories of network configurations */
  confDirs: string[]
  /** plugin directories that a runtime is configured to use */
  binDirs: string[]
  /** Waits until runtimes use the current network configuration; returns the calls that are still running. */
  drain(): string[]
}

export type UndoResult = {
  /** plugins and files that are as they were before; removed if they did not exist */
  restored: string[]
  /** what was left because another program has changed it, or could not be restored */
  notRestored: NotRestored[]
  /** pass-through executables that are kept while something names them */
  tombstones: Tombstone[]
}

export type NotRestored = { path: string; reason: string; isBlocking: boolean }
export type Tombstone = { path: string; namedBy: string[] }

/** Undoes everything in the journal of a plugin directory. Undefined if cnitap is not installed there. */
export function undo(disk: Disk, binDir: string, undoContext: UndoContext): UndoResult | undefined {
  const layout = layoutOf(binDir)
  if (!exists(disk, layout.home)) return undefined
  const unlock = lock(disk, layout.lock)
  if (!unlock) return undefined
  try {
    const journal = readJournal(disk, layout.journal, binDir)
    if (!journal) assertNoOriginals(disk, layout)
    const undone = undoSteps(disk, layout, journal?.steps ?? [], undoContext)
    if (!isUnfinished(undone)) clearHome(disk, layout)
    else if (journal?.isRetired === false) appendEntry(disk, layout.journal, { kind: "uninstalled" })
    return undone
  } finally {
    unlock()
    removeHome(disk, layout)
  }
}

/** Removes `.cnitap` if nothing is in it. */
export function removeHome(disk: Disk, { binDir, home }: PluginDirLayout): void {
  disk.removeDirectory(home)
  // This one is our own; with a capture in it, it stays.
  if (binDir === OBSERVER_DIR) disk.removeDirectory(binDir)
}

/** Whether something is still needed, so that the journal must be kept. */
export function isUnfinished({ notRestored, tombstones }: UndoResult): boolean {
  return tombstones.length > 0 || notRestored.some(({ isBlocking }) => isBlocking)
}

/**
 * Undoes the steps backwards, in two passes: first it restores everything that a pod can use, then it removes cnitap's
 * own files, so that calls in flight through a relay still find the original. It depends only on the current state, so
 * it can be interrupted anywhere and run again.
 */
export function undoSteps(
  disk: Disk,
  layout: PluginDirLayout,
  steps: readonly InstallStep[],
  undoContext: UndoContext,
): UndoResult {
  const undone: UndoResult = { restored: [], notRestored: [], tombstones: [] }
  const relays = new Set(steps.flatMap((step) => (step.kind === "write" && "relay" in step ? step.relay.sha256 : [])))
  const lists = new Set(steps.flatMap((step) => (step.kind === "write" && "edit" in step ? step.edit.sha256 : [])))
  const backwards = [...steps].reverse()
  for (const step of backwards) {
    if (step.kind === "rename") restore(disk, step.path, step.undo, { relays, lists }, undone)
  }
  for (const step of backwards) if (step.kind === "rename" && step.undo.kind === "remove") disk.remove(step.path)
  if (undone.notRestored.some(({ isBlocking }) => isBlocking)) return withoutDuplicates(undone)
  const around = { ...undoContext, drain: once(undoContext.drain) }
  for (const step of backwards) {
    if (step.kind === "rename") cleanUp(disk, step.path, step.undo, relays, around, undone)
    else if (step.kind === "observe") stopObserver(disk, layout)
    else if (step.kind === "mkdir") disk.removeDirectory(step.path)
    else if (step.kind === "link" || step.kind === "symlink" || step.kind === "write") disk.remove(step.path)
  }
  return withoutDuplicates(undone)
}

/** After repairs by `watch`, the journal has several steps for one path. */
function withoutDuplicates({ restored, notRestored, tombstones }: UndoResult): UndoResult {
  const isFirst = ({ path }: { path: string }, at: number, all: readonly { path: string }[]) =>
    all.findIndex((other) => other.path === path) === at
  return {
    restored: [...new Set(restored)],
    notRestored: notRestored.filter(isFirst),
    tombstones: tombstones.filter(isFirst),
  }
}

/** Removes `.cnitap` itself, after the steps that created other files are undone. */
export function clearHome(disk: Disk, layout: PluginDirLayout): void {
  disk.remove(join(layout.trialHome, "real"))
  disk.removeDirectory(layout.trialHome)
  for (const directory of [layout.stage, layout.real, layout.links]) {
    for (const name of list(disk.at(directory))) disk.remove(join(directory, name))
    disk.removeDirectory(directory)
  }
  disk.remove(layout.settings)
  disk.remove(layout.journal)
}

function once<T>(act: () => T): () => T {
  let result: { value: T } | undefined
  return () => {
    result ??= { value: act() }
    return result.value
  }
}
