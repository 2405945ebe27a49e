import { lstatSync, readFileSync } from "node:fs"
import { Fault } from "../../fault/fault.ts"
import type { Disk } from "../disk/disk.ts"
import type { Mode, Settings } from "../plan/install-options.ts"
import type { Step } from "../plan/step.ts"

export const JOURNAL_FORMAT = 1

/** What every install begins with: enough to tell people what is there, even when the settings are gone. */
export type Install = {
  wallMs: number
  mode: Mode
  /** the plugin directory under the name it had then: on another mount it may have another one */
  binDir: string
  settings: Settings
}

type Line =
  | ({ format: number; kind: "install" } & Install)
  | { format: number; kind: "step"; step: Step }
  | { format: number; kind: "done" }
  /** everything since the last install was taken back at once, because one of its steps failed */
  | { format: number; kind: "undone" }
  /** all was taken back but what is still needed */
  | { format: number; kind: "uninstalled" }

export type Journal = {
  installs: Install[]
  /** begun, in order; the last one may or may not have happened */
  steps: Step[]
  /** the last install came to its end */
  isDone: boolean
  /** uninstalled, and something of ours is still needed there */
  isRetired: boolean
}

/**
 * A line is on the disk before its step is made, so that whatever a crash leaves behind is named here. Each write
 * starts with a newline: the torn line of a crash is one whose step was never made, and it is passed over.
 */
export function note(disk: Disk, path: string, line: Without<Line, "format">): void {
  disk.append(path, `\n${JSON.stringify({ format: JOURNAL_FORMAT, ...line })}\n`)
}

type Without<Union, Key extends string> = Union extends unknown ? Omit<Union, Key> : never

/** undefined: there is none. Steps are told with the directory's present name. */
export function readJournal(disk: Disk, path: string, binDir: string): Journal | undefined {
  const stat = lstatSync(disk.at(path), { throwIfNoEntry: false })
  if (!stat) return undefined
  // Undoing renames and removes what is named here, with root's rights: nobody else may have written it.
  const isOurs = stat.isFile() && (stat.uid === 0 || stat.uid === process.geteuid?.()) && (stat.mode & 0o022) === 0
  if (!isOurs) {
    const hint = `Find out who put it there, and compare ${binDir}/.cnitap/real with ${binDir}.`
    throw new Fault("REFUSED", `${path} is a symlink, or somebody else than root may write it`, hint)
  }
  const text = readFileSync(disk.at(path), "utf8")
  const lines = text.split("\n").flatMap((line) => parse(line) ?? [])
  if (lines.length === 0 && text.trim() !== "") {
    throw new Fault("FILE_BROKEN", `${path} is no journal of cnitap`, `Compare ${binDir}/.cnitap/real with ${binDir}.`)
  }
  const journal: Journal = { installs: [], steps: [], isDone: true, isRetired: false }
  const before = { steps: 0, isRetired: false }
  for (const line of lines) {
    if (line.format > JOURNAL_FORMAT) {
      throw new Fault(
        "FORMAT_NEWER",
        `${path} was written in format ${line.format}, newer than ${JOURNAL_FORMAT}`,
        "Use the cnitap that installed, or a newer one.",
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

function parse(line: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isLine(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isLine(value: unknown): value is Line {
  if (typeof value !== "object" || value === null || !("format" in value) || !("kind" in value)) return false
  return typeof value.format === "number" && typeof value.kind === "string"
}

/** The same directory under another mount: what lay below it then lies below it now. */
function rebased(step: Step, from: string, to: string): Step {
  if (from === to) return step
  return JSON.parse(JSON.stringify(step), (_key, value: unknown) =>
    typeof value === "string" && (value === from || value.startsWith(`${from}/`))
      ? to + value.slice(from.length)
      : value,
  )
}
