import { closeSync, lstatSync, openSync, readFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import type { Losses } from "../../capture/record.ts"
import { type Disk, exists } from "./disk.ts"
import type { PluginDirLayout } from "./layout.ts"
import { identityOf, isRunning, type ProcessIdentity } from "./process-identity.ts"

/** What the observer of mode observe writes about itself, beside the journal. */
export type ObserverState = {
  process: ProcessIdentity
  /** since 1970 */
  startedMs: number
  /** how many files it follows */
  plugins: number
  /** since it started */
  losses: Losses
  /** the error that ended it */
  error?: string
}

/** A running observer writes its state this often, even if nothing has changed. */
export const HEARTBEAT_MS = 1_000
/** Of an observer whose process cannot be seen from here: it has ended if it has not written for this time. */
const SILENCE_MS = 30_000

/** `seenMs`: when it last wrote its state; since 1970. */
export type SeenObserver = ObserverState & { seenMs: number; isRunning: boolean }

/** Undefined if there is none, or none that can be read. */
export function readObserver(disk: Disk, layout: PluginDirLayout): SeenObserver | undefined {
  const path = disk.entry(observerFile(layout))
  try {
    const stat = lstatSync(path)
    if (!stat.isFile()) return undefined
    const state: unknown = JSON.parse(readFileSync(path, "utf8"))
    if (!isObserverState(state)) return undefined
    const isAlive = isRunning(state.process) ?? Date.now() - stat.mtimeMs < SILENCE_MS
    return { ...state, seenMs: stat.mtimeMs, isRunning: isAlive && state.error === undefined }
  } catch {
    return undefined
  }
}

/** Replaces the file, so that readers see either state. Does nothing after an uninstall, which has removed the directory. */
export function writeObserver(disk: Disk, layout: PluginDirLayout, state: Omit<ObserverState, "process">): void {
  if (!exists(disk, layout.home)) return
  const path = observerFile(layout)
  const staged = stagedFile(layout)
  disk.remove(staged)
  disk.create(staged, JSON.stringify({ process: identityOf(process.pid), ...state }), 0o600)
  disk.rename(staged, path)
}

/**
 * Whether this process is still the observer of the install. A command that was killed may have left a process that became
 * one at the same time as that of the next command, and an uninstall ends only the one that it finds here.
 */
export function isCurrentObserver(disk: Disk, layout: PluginDirLayout): boolean {
  if (!exists(disk, layout.home)) return false
  const found = readObserver(disk, layout)?.process
  return !found || (found.pid === process.pid && isRunning(found) === true)
}

/** Shows that the observer is alive: writes the first byte again, which changes nothing but the file's time. */
export function touchObserver(disk: Disk, layout: PluginDirLayout): void {
  let fd: number | undefined
  try {
    fd = openSync(disk.entry(observerFile(layout)), "r+")
    writeSync(fd, "{", 0)
  } catch {
    // An uninstall has removed it.
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

export function removeObserverFiles(disk: Disk, layout: PluginDirLayout): void {
  for (const path of [observerFile(layout), stagedFile(layout)]) disk.remove(path)
}

function observerFile({ home }: PluginDirLayout): string {
  return join(home, "observer.json")
}

function stagedFile(layout: PluginDirLayout): string {
  return `${observerFile(layout)}.new`
}

function isObserverState(value: unknown): value is ObserverState {
  return typeof value === "object" && value !== null && "process" in value && "startedMs" in value && "losses" in value
}
