import { lstatSync, readFileSync, readlinkSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { codeOf, type Disk, exists } from "../disk/disk.ts"
import { newConfiguration } from "../disk/layout.ts"
import { relayAt } from "../disk/plugin-dir.ts"
import { sha256 } from "../disk/relay-file.ts"
import { listsInCache } from "../plan/cached-lists.ts"
import { hasProbes, withoutProbes } from "../plan/edit-list.ts"
import type { Rollback } from "../plan/step.ts"
import type { Surroundings, Undone } from "./undo.ts"

/** Hashes of what the journal tells of: relays that were put there, and lists as they were before they were edited. */
export type RollbackContext = { relays: ReadonlySet<string>; lists: ReadonlySet<string> }

/** The first round: whatever a pod can meet gets its old self back. */
export function restore(disk: Disk, path: string, undo: Rollback, known: RollbackContext, undone: Undone): void {
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
  { original, relaySha256 }: Extract<Rollback, { kind: "forward" }>,
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
  { saved, editedSha256, originalSha256 }: Extract<Rollback, { kind: "unedit" }>,
  lists: ReadonlySet<string>,
  undone: Undone,
): void {
  const isForeign = isChanged(disk, saved, path, lists)
  if (isForeign) {
    const why = `is not the list that was saved there: somebody changed it, and only our entries are out of ${path}. Compare the two, remove it, and run cnitap uninstall again`
    undone.left.push({ path: saved, why, isBlocking: true })
  }
  if (!exists(disk, path)) {
    undone.left.push({ path, why: "was removed by somebody else since", isBlocking: false })
    return
  }
  const text = settledText(disk, path)
  const now = sha256(Buffer.from(text, "latin1"))
  const isUndone = !exists(disk, saved) && !hasProbes(text)
  if (now === originalSha256 || isUndone) return
  if (now === editedSha256 && exists(disk, saved) && !isForeign) {
    disk.rename(saved, path)
    undone.restored.push(path)
    return
  }
  const ours = withoutProbes(text)
  if ("error" in ours) {
    undone.left.push({ path, why: `was changed by somebody else and cannot be read: ${ours.error}`, isBlocking: true })
    return
  }
  if (now !== editedSha256)
    undone.left.push({ path, why: "was changed by somebody else since; only our entries are out", isBlocking: false })
  if (ours.text === text) return
  const back = newConfiguration(path)
  disk.remove(back)
  disk.create(back, Buffer.from(ours.text, "latin1"), 0o600)
  disk.copyAttributes(path, back)
  disk.rename(back, path)
  undone.restored.push(path)
}

/** A saved list is the very file that stood there: who still has it open may write into it. What a symlink shows is not ours. */
function isChanged(disk: Disk, saved: string, path: string, lists: ReadonlySet<string>): boolean {
  if (!lstatSync(disk.at(saved), { throwIfNoEntry: false })?.isFile() || isSame(disk, saved, path)) return false
  return !lists.has(sha256(readFileSync(disk.at(saved))))
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

/** The second round: executables of ours go, unless somebody still names them. */
export function cleanUp(
  disk: Disk,
  path: string,
  undo: Rollback,
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
    const named = () => listsInCache(disk, [undo.plugin], confDirs)
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

/** One file under two names, or a copy of it. */
function isSame(disk: Disk, saved: string, path: string): boolean {
  const a = lstatSync(disk.at(saved), { throwIfNoEntry: false })
  const b = lstatSync(disk.at(path), { throwIfNoEntry: false })
  if (!a || !b) return false
  if (a.dev === b.dev && a.ino === b.ino) return true
  if (!a.isFile() || !b.isFile() || a.size !== b.size || a.mtimeMs !== b.mtimeMs) return false
  return readFileSync(disk.at(saved)).equals(readFileSync(disk.at(path)))
}
