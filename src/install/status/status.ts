import { accessSync, constants, lstatSync, readFileSync, statfsSync } from "node:fs"
import { join } from "node:path"
import { type Losses, NOTHING_LOST } from "../../capture/record.ts"
import { isSegmentName } from "../../capture/segment-name.ts"
import { codeOf, type Disk, exists } from "../disk/disk.ts"
import { type Journal, readJournal } from "../disk/journal.ts"
import { layoutOf, type PluginDirLayout } from "../disk/layout.ts"
import { readObserver } from "../disk/observer-state.ts"
import { list, relayAt, relayHashes, statOf } from "../disk/plugin-dir.ts"
import { identityOf, type ProcessIdentity } from "../disk/process-identity.ts"
import { hasProbes } from "../plan/edit-list.ts"
import type { InstallMode, Settings } from "../plan/install-options.ts"
import type { InstallStep, Rollback } from "../plan/step.ts"
import { listsInCache } from "../undo/cached-lists.ts"
import type { Tombstone, UndoContext } from "../undo/undo.ts"

/** What is installed in one plugin directory, and its current state. */
export type InstallStatus = {
  binDir: string
  mode: InstallMode
  /** `unfinished`: interrupted, run install or uninstall; `retired`: uninstalled, but something is still needed */
  state: "installed" | "unfinished" | "retired"
  /** time of the first install and of the last change, in milliseconds since 1970 */
  installedMs: number
  changedMs: number
  settings: Settings
  /** the plugins of --plugins; missing for every plugin that the active networks reach */
  onlyPlugins?: string[]
  /** --force was given */
  isForced: boolean
  /** files of the networks that were active at the last install */
  lists: string[]
  plugins: PluginStatus[]
  /** chain mode: the network configuration that was edited last */
  list?: ListStatus
  /** mode observe */
  observer?: ObserverStatus
  /** pass-through executables that are kept while something names them */
  tombstones: Tombstone[]
  capture: CaptureStatus
}

export type PluginStatus = {
  name: string
  path: string
  /**
   * `replaced`: by another program, so it is not recorded any more; `missing`: removed; `broken`: the original is
   * missing; `waiting`: no runtime uses path mode's directory yet
   */
  state: "recorded" | "replaced" | "missing" | "broken" | "waiting"
}

export type ObserverStatus = {
  isRunning: boolean
  /** why it does not run: "it was killed" */
  reason?: string
  pid: number
  /** in milliseconds since 1970; `seenMs`: when it last wrote its state, once a second */
  startedMs: number
  seenMs: number
  /** how many files of the plugin directories it follows */
  plugins: number
  /** what it did not record since it started */
  losses: Losses
}

export type ListStatus = { path: string; state: "edited" | "replaced" | "missing" }

export type CaptureStatus = {
  path: string
  exists: boolean
  /** why relays cannot write to it: "does not exist" */
  problem?: string
  sizeBytes: number
  segments: number
}

/** Undefined if nothing is installed in the directory. */
export function readStatus(disk: Disk, binDir: string, undoContext: UndoContext): InstallStatus | undefined {
  const layout = layoutOf(binDir)
  const journal = readJournal(disk, layout.journal, binDir)
  const [first] = journal?.installs ?? []
  const last = journal?.installs.at(-1)
  if (!journal || !first || !last) return undefined
  const list = listStatus(disk, journal)
  const observer = last.mode === "observe" && !journal.isRetired ? observerStatus(disk, layout) : undefined
  return {
    binDir,
    mode: last.mode,
    state: journal.isRetired ? "retired" : journal.isDone ? "installed" : "unfinished",
    installedMs: first.wallMs,
    changedMs: last.wallMs,
    settings: last.settings,
    ...(last.plugins ? { onlyPlugins: last.plugins } : {}),
    isForced: last.force === true,
    lists: last.lists ?? [],
    plugins: journal.isRetired ? [] : pluginStatuses(disk, journal, undoContext),
    ...(list && !journal.isRetired ? { list } : {}),
    ...(observer ? { observer } : {}),
    tombstones: journal.isRetired ? tombstonesOf(disk, journal, undoContext) : [],
    capture: captureStatus(disk, last.settings.capture),
  }
}

/** Whether everything that was installed is still in place, and relays can write to the capture. */
export function isComplete({ state, plugins, list, observer, capture }: InstallStatus): boolean {
  const isRecorded = plugins.every((plugin) => plugin.state === "recorded" || plugin.state === "waiting")
  const isEdited = list === undefined || list.state === "edited"
  const isObserved = observer === undefined || observer.isRunning
  return state === "installed" && isRecorded && isEdited && isObserved && capture.problem === undefined
}

type RelayPlacement = { path: string; undo: Extract<Rollback, { plugin: string }> }

/** Every path that a relay was installed at, without duplicates. */
function relayPlacements({ steps }: Journal): RelayPlacement[] {
  const placements = new Map(steps.flatMap((step) => (placesRelay(step) ? [[step.path, step.undo] as const] : [])))
  return [...placements].map(([path, undo]) => ({ path, undo }))
}

function placesRelay(step: InstallStep): step is Extract<InstallStep, { kind: "rename" }> & RelayPlacement {
  return step.kind === "rename" && "plugin" in step.undo
}

function pluginStatuses(disk: Disk, journal: Journal, { binDirs }: UndoContext): PluginStatus[] {
  const relays = relayHashes(journal)
  return relayPlacements(journal).map(({ path, undo }) => {
    const original = "original" in undo ? undo.original : undefined
    const isRelay = relayAt(disk.entry(path), relays) !== undefined
    const state = isRelay
      ? original !== undefined && !exists(disk, original)
        ? "broken"
        : undo.kind === "forward" && !binDirs.includes(join(path, ".."))
          ? "waiting"
          : "recorded"
      : exists(disk, path)
        ? "replaced"
        : "missing"
    return { name: undo.plugin, path, state }
  })
}

function listStatus(disk: Disk, { steps }: Journal): ListStatus | undefined {
  const edit = steps.findLast((step) => step.kind === "rename" && step.undo.kind === "unedit")
  if (edit?.kind !== "rename") return undefined
  const { path } = edit
  try {
    return { path, state: hasProbes(readFileSync(disk.at(path), "latin1")) ? "edited" : "replaced" }
  } catch {
    return { path, state: "missing" }
  }
}

function observerStatus(disk: Disk, layout: PluginDirLayout): ObserverStatus {
  const found = readObserver(disk, layout)
  if (!found)
    return {
      isRunning: false,
      reason: "its state is missing",
      pid: 0,
      startedMs: 0,
      seenMs: 0,
      plugins: 0,
      losses: NOTHING_LOST,
    }
  const { process, error, ...observer } = found
  return { ...observer, pid: process.pid, ...(found.isRunning ? {} : { reason: error ?? endOf(process) }) }
}

/** Of one that could not write why. */
function endOf({ bootId }: ProcessIdentity): string {
  return identityOf(process.pid).bootId === bootId ? "it was killed" : "the node was restarted"
}

function tombstonesOf(disk: Disk, journal: Journal, { confDirs, binDirs }: UndoContext): Tombstone[] {
  return relayPlacements(journal)
    .filter(({ path, undo }) => undo.kind !== "restore" && exists(disk, path))
    .map(({ path, undo }) => {
      const isInUse = undo.kind === "forward" && binDirs.includes(join(path, ".."))
      const namedBy = undo.kind === "probe" ? listsInCache(disk, [undo.plugin], confDirs) : []
      return { path, namedBy: isInUse ? ["the plugin path of the runtime"] : namedBy }
    })
}

function captureStatus(disk: Disk, path: string): CaptureStatus {
  const names = list(disk.at(path))
  const sizes = names.map((name) => statOf(disk.at(join(path, name)))?.size ?? 0)
  const problem = captureProblem(disk.at(path))
  return {
    path,
    exists: exists(disk, path),
    ...(problem === undefined ? {} : { problem }),
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    segments: names.filter(isSegmentName).length,
  }
}

/** What keeps a relay from writing: the conditions of openDirectory and hasRoom in src/relay/hosts/host-disk.h. */
function captureProblem(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return "does not exist"
  if (stat.isSymbolicLink()) return "is a symlink, which relays do not follow"
  if (!stat.isDirectory()) return "is not a directory"
  if (stat.uid !== 0) return `is owned by user ${stat.uid}, so relays do not write to it`
  if ((stat.mode & 0o077) !== 0)
    return `has mode ${(stat.mode & 0o7777).toString(8).padStart(4, "0")}: other users can access it, so relays do not write to it`
  try {
    accessSync(path, constants.W_OK)
  } catch (error) {
    if (codeOf(error) === "EROFS") return "is on a read-only file system"
  }
  try {
    const { bavail, blocks } = statfsSync(path)
    return blocks > 0 && bavail <= blocks / 100
      ? "is on a full file system: relays leave the last percent free"
      : undefined
  } catch (error) {
    // Another process has removed it since.
    if (codeOf(error) === "ENOENT") return "does not exist"
    throw error
  }
}
