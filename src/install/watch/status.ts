import { readFileSync } from "node:fs"
import { join } from "node:path"
import { isSegmentName } from "../../capture/segment-name.ts"
import { type Journal, readJournal } from "../apply/journal.ts"
import { type Disk, exists } from "../disk/disk.ts"
import { layoutOf } from "../disk/layout.ts"
import { list, relayAt, relayHashes, statOf } from "../disk/plugin-dir.ts"
import { listsInCache } from "../plan/cached-lists.ts"
import { hasProbes } from "../plan/edit-list.ts"
import type { Mode, Settings } from "../plan/install-options.ts"
import type { Rollback, Step } from "../plan/step.ts"
import type { Surroundings, Tombstone } from "../undo/undo.ts"

/** What is installed in one plugin directory, and what became of it. */
export type InstallStatus = {
  binDir: string
  mode: Mode
  /** `retired`: uninstalled, and something of ours is still needed; `unfinished`: cut off, install or uninstall ends it */
  state: "installed" | "unfinished" | "retired"
  /** wall clock of the first install and of the last change, milliseconds since 1970 */
  sinceMs: number
  changedMs: number
  settings: Settings
  plugins: PluginStatus[]
  /** chain mode: the network configuration that was edited last */
  list?: { path: string; state: "edited" | "replaced" | "missing" }
  /** pass-through executables that stay while something names them */
  tombstones: Tombstone[]
  capture: CaptureStatus
}

export type PluginStatus = {
  name: string
  path: string
  /** `replaced`: by somebody else, and recording ended there; `waiting`: no runtime looks into path mode's directory */
  state: "recorded" | "replaced" | "missing" | "broken" | "waiting"
}

export type CaptureStatus = { path: string; isThere: boolean; sizeBytes: number; segments: number }

/** undefined: nothing of ours is there. */
export function readStatus(disk: Disk, binDir: string, around: Surroundings): InstallStatus | undefined {
  const layout = layoutOf(binDir)
  const journal = readJournal(disk, layout.journal, binDir)
  const [first] = journal?.installs ?? []
  const last = journal?.installs.at(-1)
  if (!journal || !first || !last) return undefined
  const list = listOf(disk, journal)
  return {
    binDir,
    mode: last.mode,
    state: journal.isRetired ? "retired" : journal.isDone ? "installed" : "unfinished",
    sinceMs: first.wallMs,
    changedMs: last.wallMs,
    settings: last.settings,
    plugins: journal.isRetired ? [] : pluginsOf(disk, journal, around),
    ...(list && !journal.isRetired ? { list } : {}),
    tombstones: journal.isRetired ? tombstonesOf(disk, journal, around) : [],
    capture: captureOf(disk, last.settings.capture),
  }
}

/** Everything that was installed still is as it was installed. */
export function isWhole({ state, plugins, list }: InstallStatus): boolean {
  const isRecorded = plugins.every((plugin) => plugin.state === "recorded" || plugin.state === "waiting")
  return state === "installed" && isRecorded && (list === undefined || list.state === "edited")
}

/** Each place that a relay was put into, once. */
function placesOf({ steps }: Journal): { path: string; undo: Extract<Rollback, { plugin: string }> }[] {
  const places = new Map(steps.flatMap((step) => (isPlace(step) ? [[step.path, step.undo] as const] : [])))
  return [...places].map(([path, undo]) => ({ path, undo }))
}

type Place = { kind: "rename"; path: string; undo: Extract<Rollback, { plugin: string }> }

function isPlace(step: Step): step is Place & Step {
  return step.kind === "rename" && "plugin" in step.undo
}

function pluginsOf(disk: Disk, journal: Journal, { binDirs }: Surroundings): PluginStatus[] {
  const relays = relayHashes(journal)
  return placesOf(journal).map(({ path, undo }) => {
    const original = "original" in undo ? undo.original : undefined
    const isOurs = relayAt(disk.at(path), relays) !== undefined
    const state = isOurs
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

function listOf(disk: Disk, { steps }: Journal): InstallStatus["list"] {
  const edit = steps.findLast((step) => step.kind === "rename" && step.undo.kind === "unedit")
  if (edit?.kind !== "rename") return undefined
  const { path } = edit
  try {
    return { path, state: hasProbes(readFileSync(disk.at(path), "latin1")) ? "edited" : "replaced" }
  } catch {
    return { path, state: "missing" }
  }
}

function tombstonesOf(disk: Disk, journal: Journal, { confDirs, binDirs }: Surroundings): Tombstone[] {
  return placesOf(journal)
    .filter(({ path, undo }) => undo.kind !== "restore" && exists(disk, path))
    .map(({ path, undo }) => {
      const isLookedInto = undo.kind === "forward" && binDirs.includes(join(path, ".."))
      const namedBy = undo.kind === "probe" ? listsInCache(disk, [undo.plugin], confDirs) : []
      return { path, namedBy: isLookedInto ? ["the plugin path of the runtime"] : namedBy }
    })
}

function captureOf(disk: Disk, path: string): CaptureStatus {
  const names = list(disk.at(path))
  const sizes = names.map((name) => statOf(disk.at(join(path, name)))?.size ?? 0)
  return {
    path,
    isThere: exists(disk, path),
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    segments: names.filter(isSegmentName).length,
  }
}
