import { lstatSync, readFileSync, readlinkSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { codeOf, type Disk, exists } from "../disk/disk.ts"
import { newConfiguration } from "../disk/layout.ts"
import { relayAt } from "../disk/plugin-dir.ts"
import { sha256 } from "../disk/relay-file.ts"
import { sleep } from "../disk/sleep.ts"
import { hasProbes, withoutProbes } from "../plan/edit-list.ts"
import type { Rollback } from "../plan/step.ts"
import { listsInCache } from "./cached-lists.ts"
import type { UndoContext, UndoResult } from "./undo.ts"

/** Hashes from the journal: of the installed relays, and of lists before they were edited. */
export type RollbackContext = { relays: ReadonlySet<string>; lists: ReadonlySet<string> }

/** The first pass: restores everything that a pod can use. */
export function restore(disk: Disk, path: string, undo: Rollback, known: RollbackContext, undone: UndoResult): void {
  if (undo.kind === "restore") restoreOriginal(disk, path, undo, known.relays, undone)
  else if (undo.kind === "forward") forward(disk, path, undo, known.relays, undone)
  else if (undo.kind === "unedit") unedit(disk, path, undo, known.lists, undone)
  else if (undo.kind === "repoint") repoint(disk, path, undo.target)
}

function restoreOriginal(
  disk: Disk,
  path: string,
  { plugin, original, relaySha256 }: Extract<Rollback, { kind: "restore" }>,
  relays: ReadonlySet<string>,
  undone: UndoResult,
): void {
  const home = join(path, "..", ".cnitap")
  const link = join(home, "links", plugin)
  const saved = exists(disk, link) ? link : original
  if (!relayAt(disk.entry(path), new Set([...relays, relaySha256]))) {
    if (!exists(disk, saved) || isSame(disk, saved, path)) return
    const reason = exists(disk, path) ? "was replaced by another program" : "was removed by another program"
    undone.notRestored.push({ path, reason, isBlocking: false })
    return
  }
  if (!exists(disk, saved)) {
    undone.notRestored.push({
      path,
      reason: `is a relay of cnitap, and its original ${saved} is missing`,
      isBlocking: true,
    })
    return
  }
  const back = join(home, "new", basename(path))
  disk.remove(back)
  try {
    // Link it first: until the second pass, calls in flight through the relay need the name in real/.
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
  { original, relaySha256 }: Extract<Rollback, { kind: "forward" }>,
  relays: ReadonlySet<string>,
  undone: UndoResult,
): void {
  if (!relayAt(disk.entry(path), new Set([...relays, relaySha256]))) return
  const back = join(path, "..", ".cnitap/new", basename(path))
  disk.remove(back)
  disk.symlink(original, back)
  disk.rename(back, path)
  undone.restored.push(path)
}

function unedit(
  disk: Disk,
  path: string,
  { saved, editedSha256, originalSha256 }: Extract<Rollback, { kind: "unedit" }>,
  lists: ReadonlySet<string>,
  undone: UndoResult,
): void {
  const isForeign = isChanged(disk, saved, path, lists)
  if (isForeign) {
    const reason = `was changed by another program after it was saved, so only the probes were removed from ${path}. Compare the two files, remove this one, and run cnitap uninstall again`
    undone.notRestored.push({ path: saved, reason, isBlocking: true })
  }
  if (!exists(disk, path)) {
    undone.notRestored.push({ path, reason: "was removed by another program", isBlocking: false })
    return
  }
  const text = stableText(disk, path)
  const now = sha256(Buffer.from(text, "latin1"))
  const isUndone = !exists(disk, saved) && !hasProbes(text)
  if (now === originalSha256 || isUndone) return
  if (now === editedSha256 && exists(disk, saved) && !isForeign) {
    disk.rename(saved, path)
    undone.restored.push(path)
    return
  }
  const cleaned = withoutProbes(text)
  if ("error" in cleaned) {
    undone.notRestored.push({
      path,
      reason: `was changed by another program and cannot be parsed: ${cleaned.error}`,
      isBlocking: true,
    })
    return
  }
  const notes = now === editedSha256 ? [] : ["was changed by another program; only the probes were removed"]
  const why = cleaned.text === text ? undefined : replaceList(disk, path, cleaned.text)
  if (why !== undefined) notes.push(`has lost its extended attributes, such as a SELinux label: ${why}`)
  if (notes.length > 0) undone.notRestored.push({ path, reason: notes.join("; "), isBlocking: false })
  if (cleaned.text !== text) undone.restored.push(path)
}

/** Returns why the new list has not all attributes of the present one. */
function replaceList(disk: Disk, path: string, text: string): string | undefined {
  const back = newConfiguration(path)
  disk.remove(back)
  disk.create(back, Buffer.from(text, "latin1"), 0o600)
  const why = disk.copyAttributes(path, back)
  disk.rename(back, path)
  return why
}

/**
 * A saved list is the original inode, which a program that has it open can still write to. A symlink is never trusted.
 */
function isChanged(disk: Disk, saved: string, path: string, lists: ReadonlySet<string>): boolean {
  if (!lstatSync(disk.entry(saved), { throwIfNoEntry: false })?.isFile() || isSame(disk, saved, path)) return false
  return !lists.has(sha256(readFileSync(disk.at(saved))))
}

/** Restores the target of a symlink in real/ that had been changed to skip a relay. */
function repoint(disk: Disk, path: string, target: string): void {
  const stat = lstatSync(disk.entry(path), { throwIfNoEntry: false })
  if (!stat?.isSymbolicLink() || readlinkSync(disk.entry(path)) === target) return
  const back = join(path, "../../new", basename(path))
  disk.remove(back)
  disk.symlink(target, back)
  disk.rename(back, path)
}

/** The second pass: removes cnitap's executables unless something still names them. */
export function cleanUp(
  disk: Disk,
  path: string,
  undo: Rollback,
  relays: ReadonlySet<string>,
  { confDirs, binDirs, drain }: UndoContext,
  undone: UndoResult,
): void {
  if (undo.kind === "probe") {
    if (!exists(disk, path)) return
    if (!relayAt(disk.entry(path), relays)) {
      undone.notRestored.push({ path, reason: "was replaced by another program", isBlocking: false })
      return
    }
    const named = () => listsInCache(disk, [undo.plugin], confDirs)
    // An operation that started with the edited list may still run and add the list to a cache when it finishes.
    const namedBy = named()
    removeUnlessNamed(disk, path, namedBy.length > 0 ? namedBy : [...drain(), ...named()], undone)
  } else if (undo.kind === "forward") {
    const stat = lstatSync(disk.entry(path), { throwIfNoEntry: false })
    if (!stat?.isSymbolicLink() || readlinkSync(disk.entry(path)) !== undo.original) return
    const isInUse = binDirs.includes(dirname(path))
    removeUnlessNamed(disk, path, isInUse ? ["the plugin path of the runtime"] : [], undone)
  }
}

function removeUnlessNamed(disk: Disk, path: string, namedBy: string[], undone: UndoResult): void {
  if (namedBy.length > 0) undone.tombstones.push({ path, namedBy })
  else if (disk.remove(path)) undone.restored.push(path)
}

/** Some agents write in place (Calico, kube-router, Multus), so a partial file is read again after a pause. */
function stableText(disk: Disk, path: string): string {
  for (let attempt = 0; ; attempt++) {
    const text = readFileSync(disk.at(path), "latin1")
    if (attempt === 10 || !("error" in withoutProbes(text))) return text
    sleep(100)
  }
}

/** Whether both paths are the same file, or identical copies. */
function isSame(disk: Disk, saved: string, path: string): boolean {
  const a = lstatSync(disk.entry(saved), { throwIfNoEntry: false })
  const b = lstatSync(disk.entry(path), { throwIfNoEntry: false })
  if (!a || !b) return false
  if (a.dev === b.dev && a.ino === b.ino) return true
  if (!a.isFile() || !b.isFile() || a.size !== b.size || a.mtimeMs !== b.mtimeMs) return false
  return readFileSync(disk.at(saved)).equals(readFileSync(disk.at(path)))
}
