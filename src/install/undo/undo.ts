import { join } from "node:path"
import { note, readJournal } from "../apply/journal.ts"
import { type Disk, exists } from "../disk/disk.ts"
import { type Layout, layoutOf } from "../disk/layout.ts"
import { lock } from "../disk/lock.ts"
import { assertNoOriginals, list } from "../disk/plugin-dir.ts"
import type { Step } from "../plan/step.ts"
import { cleanUp, restore } from "./rollback.ts"

/** What undoing must know of the node beyond the journal. */
export type Surroundings = {
  /** directories of network configurations */
  confDirs: string[]
  /** plugin directories that a runtime is configured to look into */
  binDirs: string[]
  /** Waits until runtimes work with the network configuration that is there now; tells of calls still under way. */
  settle(): string[]
}

export type Undone = {
  /** plugins and files that are again what they were, or gone because they were not there before */
  restored: string[]
  /** what somebody else has changed since, and cnitap therefore left alone, or could not put back */
  left: Left[]
  /** pass-through executables that stay while something names them */
  tombstones: Tombstone[]
}

export type Left = { path: string; why: string; isBlocking: boolean }
export type Tombstone = { path: string; namedBy: string[] }

/** Takes back whatever the journal of a plugin directory tells. undefined: cnitap has nothing there. */
export function undo(disk: Disk, binDir: string, surroundings: Surroundings): Undone | undefined {
  const layout = layoutOf(binDir)
  if (!exists(disk, layout.home)) return undefined
  const unlock = lock(disk, layout.lock)
  try {
    const journal = readJournal(disk, layout.journal, binDir)
    if (!journal) assertNoOriginals(disk, layout)
    const undone = undoSteps(disk, journal?.steps ?? [], surroundings)
    if (!isUnfinished(undone)) clearHome(disk, layout)
    else if (journal?.isRetired === false) note(disk, layout.journal, { kind: "uninstalled" })
    return undone
  } finally {
    unlock()
    disk.removeDirectory(layout.home)
  }
}

/** Something of ours is still needed there, so that the journal stays too. */
export function isUnfinished({ left, tombstones }: Undone): boolean {
  return tombstones.length > 0 || left.some(({ isBlocking }) => isBlocking)
}

/**
 * Backwards, and in two rounds. First whatever a pod can meet gets its old self back, then our own files go: a call
 * that came in through the relay a moment ago still finds the original. Looks only at what is there now, so that it
 * can be cut off anywhere and begun again.
 */
export function undoSteps(disk: Disk, steps: readonly Step[], surroundings: Surroundings): Undone {
  const undone: Undone = { restored: [], left: [], tombstones: [] }
  const relays = new Set(steps.flatMap((step) => (step.kind === "write" && "relay" in step ? step.relay.sha256 : [])))
  const lists = new Set(steps.flatMap((step) => (step.kind === "write" && "edit" in step ? step.edit.sha256 : [])))
  const backwards = [...steps].reverse()
  for (const step of backwards) {
    if (step.kind === "rename") restore(disk, step.path, step.undo, { relays, lists }, undone)
  }
  for (const step of backwards) if (step.kind === "rename" && step.undo.kind === "remove") disk.remove(step.path)
  if (undone.left.some(({ isBlocking }) => isBlocking)) return eachOnce(undone)
  const around = { ...surroundings, settle: once(surroundings.settle) }
  for (const step of backwards) {
    if (step.kind === "rename") cleanUp(disk, step.path, step.undo, relays, around, undone)
    else if (step.kind === "mkdir") disk.removeDirectory(step.path)
    else if (step.kind === "link" || step.kind === "symlink" || step.kind === "write") disk.remove(step.path)
  }
  return eachOnce(undone)
}

/** What was put back by a watch has as many steps as it was put back. */
function eachOnce({ restored, left, tombstones }: Undone): Undone {
  const isFirst = ({ path }: { path: string }, at: number, all: readonly { path: string }[]) =>
    all.findIndex((other) => other.path === path) === at
  return { restored: [...new Set(restored)], left: left.filter(isFirst), tombstones: tombstones.filter(isFirst) }
}

/** The last of us: directories that other steps made have gone by now, if nobody put anything into them. */
export function clearHome(disk: Disk, layout: Layout): void {
  disk.remove(join(layout.door, "real"))
  disk.removeDirectory(layout.door)
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
