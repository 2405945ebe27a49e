import { lstatSync, readFileSync } from "node:fs"
import { Fault } from "../../fault/fault.ts"
import type { InstallMode, Settings } from "../plan/install-options.ts"
import type { InstallStep } from "../plan/step.ts"
import { codeOf, type Disk } from "./disk.ts"
import { layoutOf } from "./layout.ts"

export const JOURNAL_FORMAT = 1

/** The first entry of every install: sufficient to report what is installed, even without its settings file. */
export type InstallRecord = {
  wallMs: number
  mode: InstallMode
  /** the path of the plugin directory at that time; on another mount it may differ */
  binDir: string
  settings: Settings
  /** the plugins of --plugins; missing for every plugin that the active networks reach, also those that join later */
  plugins?: string[]
  /** --force was given */
  force?: true
  /** files of the networks that were active */
  lists?: string[]
}

type JournalEntry =
  | ({ format: number; kind: "install" } & InstallRecord)
  | { format: number; kind: "step"; step: InstallStep }
  | { format: number; kind: "done" }
  /** everything since the last install was rolled back, because one of its steps failed */
  | { format: number; kind: "undone" }
  /** everything was undone except what is still needed */
  | { format: number; kind: "uninstalled" }

export type Journal = {
  installs: InstallRecord[]
  /** the started steps in order; the last one may or may not have been performed */
  steps: InstallStep[]
  /** the last install has finished */
  isDone: boolean
  /** uninstalled, but something is still needed */
  isRetired: boolean
}

/**
 * An entry is durable before its step is performed, so that the journal names everything that a crash leaves behind.
 * Each write starts with a newline: a line torn by a crash belongs to a step that was never performed, and is skipped.
 */
export function appendEntry(disk: Disk, path: string, line: Without<JournalEntry, "format">): void {
  disk.append(path, `\n${JSON.stringify({ format: JOURNAL_FORMAT, ...line })}\n`)
}

type Without<Union, Key extends string> = Union extends unknown ? Omit<Union, Key> : never

/** Undefined if there is none. Paths in steps are updated to the directory's current path. */
export function readJournal(disk: Disk, path: string, binDir: string): Journal | undefined {
  const stat = lstatSync(disk.entry(path), { throwIfNoEntry: false })
  if (!stat) return undefined
  // Undo renames and removes the paths in the journal as root, so no other user may have written it.
  const isOurs = stat.isFile() && (stat.uid === 0 || stat.uid === process.geteuid?.()) && (stat.mode & 0o022) === 0
  if (!isOurs) {
    const hint = `Find out who created it, and compare ${binDir}/.cnitap/real with ${binDir}.`
    throw new Fault("REFUSED", `${path} is a symlink, or users other than root can write to it`, hint)
  }
  const text = readText(disk, path)
  if (text === undefined) return undefined
  const lines = text.split("\n").flatMap((line) => parse(line) ?? [])
  if (lines.length === 0 && text.trim() !== "") {
    throw new Fault(
      "FILE_BROKEN",
      `${path} is not a journal of cnitap`,
      `Compare ${binDir}/.cnitap/real with ${binDir}.`,
    )
  }
  const journal: Journal = { installs: [], steps: [], isDone: true, isRetired: false }
  const before = { steps: 0, isRetired: false }
  for (const line of lines) {
    if (line.format > JOURNAL_FORMAT) {
      throw new Fault(
        "FORMAT_NEWER",
        `${path} was written in format ${line.format}, newer than ${JOURNAL_FORMAT}`,
        "Use the version of cnitap that installed, or a newer one.",
      )
    }
    journal.isDone = line.kind !== "install" && line.kind !== "step"
    if (line.kind === "install") {
      const { format: _, kind: __, ...install } = line
      journal.installs.push(install)
      before.steps = journal.steps.length
      before.isRetired = journal.isRetired
      journal.isRetired = false
    } else if (line.kind === "step") {
      journal.steps.push(rebased(line.step, journal.installs.at(-1)?.binDir ?? binDir, binDir))
    } else if (line.kind === "undone") {
      journal.installs.pop()
      journal.steps.splice(before.steps)
      journal.isRetired = before.isRetired
    } else if (line.kind === "uninstalled") {
      journal.isRetired = true
    }
  }
  return journal
}

/** The current install of a directory. */
export function installIn(disk: Disk, binDir: string): InstallRecord | undefined {
  const journal = readJournal(disk, layoutOf(binDir).journal, binDir)
  return journal?.isRetired ? undefined : journal?.installs.at(-1)
}

/** Undefined if an uninstall by another process has just removed it. */
function readText(disk: Disk, path: string): string | undefined {
  try {
    return readFileSync(disk.at(path), "utf8")
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined
    if (codeOf(error) !== "EACCES") throw error
    throw new Fault("NOT_PERMITTED", `permission denied: cannot read ${path}`, "Run cnitap as root.", error)
  }
}

function parse(line: string): JournalEntry | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isJournalEntry(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isJournalEntry(value: unknown): value is JournalEntry {
  if (typeof value !== "object" || value === null || !("format" in value) || !("kind" in value)) return false
  return typeof value.format === "number" && typeof value.kind === "string"
}

/** Replaces the directory's former path with its current one, for a directory that is mounted elsewhere now. */
function rebased(step: InstallStep, from: string, to: string): InstallStep {
  if (from === to) return step
  return JSON.parse(JSON.stringify(step), (_key, value: unknown) =>
    typeof value === "string" && (value === from || value.startsWith(`${from}/`))
      ? to + value.slice(from.length)
      : value,
  )
}
