import { lstatSync, readFileSync, readlinkSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { whoNames } from "./caches.ts"
import { codeOf, type Disk } from "./disk.ts"
import { hasProbes, withoutProbes } from "./edit.ts"
import { note, readJournal } from "./journal.ts"
import { type Layout, layoutOf, newConfiguration } from "./layout.ts"
import { lock } from "./lock.ts"
import { sha256 } from "./relay-file.ts"
import { assertNoOriginals, list, relayAt } from "./site.ts"
import type { Reversal, Step } from "./step.ts"

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
  if (!lstatSync(disk.at(layout.home), { throwIfNoEntry: false })) return undefined
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
  const backwards = [...steps].reverse()
  for (const step of backwards) {
    if (step.kind === "rename") putBack(disk, step.path, step.undo, relays, undone)
  }
  for (const step of backwards) if (step.kind === "rename" && step.undo.kind === "remove") disk.remove(step.path)
  if (undone.left.some(({ isBlocking }) => isBlocking)) return eachOnce(undone)
  const around = { ...surroundings, settle: once(surroundings.settle) }
  for (const step of backwards) {
    if (step.kind === "rename") withdraw(disk, step.path, step.undo, relays, around, undone)
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

function putBack(disk: Disk, path: string, undo: Reversal, relays: ReadonlySet<string>, undone: Undone): void {
  if (undo.kind === "restore") restore(disk, path, undo, relays, undone)
  else if (undo.kind === "forward") forward(disk, path, undo, relays, undone)
  else if (undo.kind === "unedit") unedit(disk, path, undo, undone)
  else if (undo.kind === "repoint") repoint(disk, path, undo.target)
}

function restore(
  disk: Disk,
  path: string,
  { plugin, original, relaySha256 }: Extract<Reversal, { kind: "restore" }>,
  relays: ReadonlySet<string>,
  undone: Undone,
): void {
  const home = join(path, "..", ".cnitap")
  const link = join(home, "links", plugin)
  const saved = exists(disk, link) ? link : original
  if (!relayAt(disk.at(path), new Set([...relays, relaySha256]))) {
    if (!exists(disk, saved) || isSame(disk, saved, path)) return
    const why = exists(disk, path) ? "was replaced by somebody else since" : "was removed by somebody else since"
    undone.left.push({ path, why, isBlocking: false })
    return
  }
  if (!exists(disk, saved)) {
    undone.left.push({ path, why: `is our relay, and its original ${saved} is gone`, isBlocking: true })
    return
  }
  const back = join(home, "new", basename(path))
  disk.remove(back)
  try {
    // A second name first: the one in real/ serves calls that the relay has already taken, until the second round.
    disk.link(saved, back)
    disk.rename(back, path)
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    disk.rename(saved, path)
  }
  undone.restored.push(path)
}

function forward(
  disk: Disk,
  path: string,
  { original, relaySha256 }: Extract<Reversal, { kind: "forward" }>,
  relays: ReadonlySet<string>,
  undone: Undone,
): void {
  if (!relayAt(disk.at(path), new Set([...relays, relaySha256]))) return
  const back = join(path, "..", ".cnitap/new", basename(path))
  disk.remove(back)
  disk.symlink(original, back)
  disk.rename(back, path)
  undone.restored.push(path)
}

function unedit(
  disk: Disk,
  path: string,
  { saved, editedSha256, originalSha256 }: Extract<Reversal, { kind: "unedit" }>,
  undone: Undone,
): void {
  if (!exists(disk, path)) {
    undone.left.push({ path, why: "was removed by somebody else since", isBlocking: false })
    return
  }
  const text = settledText(disk, path)
  const now = sha256(Buffer.from(text, "latin1"))
  const isUndone = !exists(disk, saved) && !hasProbes(text)
  if (now === originalSha256 || isUndone) return
  if (now === editedSha256 && exists(disk, saved)) {
    disk.rename(saved, path)
    undone.restored.push(path)
    return
  }
  const ours = withoutProbes(text)
  if ("error" in ours) {
    undone.left.push({ path, why: `was changed by somebody else and cannot be read: ${ours.error}`, isBlocking: true })
    return
  }
  undone.left.push({ path, why: "was changed by somebody else since; only our entries are out", isBlocking: false })
  if (ours.text === text) return
  const back = newConfiguration(path)
  disk.remove(back)
  disk.create(back, Buffer.from(ours.text, "latin1"), 0o600)
  disk.copyAttributes(path, back)
  disk.rename(back, path)
  undone.restored.push(path)
}

/** A symlink in real/ that was led past a plugin which is itself again. */
function repoint(disk: Disk, path: string, target: string): void {
  const stat = lstatSync(disk.at(path), { throwIfNoEntry: false })
  if (!stat?.isSymbolicLink() || readlinkSync(disk.at(path)) === target) return
  const back = join(path, "../../new", basename(path))
  disk.remove(back)
  disk.symlink(target, back)
  disk.rename(back, path)
}

function withdraw(
  disk: Disk,
  path: string,
  undo: Reversal,
  relays: ReadonlySet<string>,
  { confDirs, binDirs, settle }: Surroundings,
  undone: Undone,
): void {
  if (undo.kind === "probe") {
    if (!exists(disk, path)) return
    if (!relayAt(disk.at(path), relays)) {
      undone.left.push({ path, why: "was replaced by somebody else since", isBlocking: false })
      return
    }
    const named = () => whoNames(disk, [undo.plugin], confDirs)
    // An operation that began with the edited list may still be under way, and write itself into a cache as it ends.
    const namedBy = named()
    withdrawUnlessNamed(disk, path, namedBy.length > 0 ? namedBy : [...settle(), ...named()], undone)
  } else if (undo.kind === "forward") {
    const stat = lstatSync(disk.at(path), { throwIfNoEntry: false })
    if (!stat?.isSymbolicLink() || readlinkSync(disk.at(path)) !== undo.original) return
    const isLookedInto = binDirs.includes(dirname(path))
    withdrawUnlessNamed(disk, path, isLookedInto ? ["the plugin path of the runtime"] : [], undone)
  }
}

function withdrawUnlessNamed(disk: Disk, path: string, namedBy: string[], undone: Undone): void {
  if (namedBy.length > 0) undone.tombstones.push({ path, namedBy })
  else if (disk.remove(path)) undone.restored.push(path)
}

function once<T>(act: () => T): () => T {
  let result: { value: T } | undefined
  return () => {
    result ??= { value: act() }
    return result.value
  }
}

/** Some agents write in place (Calico, kube-router, Multus): half a file is read again a little later. */
function settledText(disk: Disk, path: string): string {
  for (let attempt = 0; ; attempt++) {
    const text = readFileSync(disk.at(path), "latin1")
    if (attempt === 10 || !("error" in withoutProbes(text))) return text
    sleep(100)
  }
}

export function sleep(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs)
}

function exists(disk: Disk, path: string): boolean {
  return lstatSync(disk.at(path), { throwIfNoEntry: false }) !== undefined
}

/** One file under two names, or a copy of it. */
function isSame(disk: Disk, saved: string, path: string): boolean {
  const a = lstatSync(disk.at(saved), { throwIfNoEntry: false })
  const b = lstatSync(disk.at(path), { throwIfNoEntry: false })
  if (!a || !b) return false
  if (a.dev === b.dev && a.ino === b.ino) return true
  if (!a.isFile() || !b.isFile() || a.size !== b.size || a.mtimeMs !== b.mtimeMs) return false
  return readFileSync(disk.at(saved)).equals(readFileSync(disk.at(path)))
}
