import { existsSync, readFileSync } from "node:fs"
import { dirname } from "node:path"
import { Fault } from "../../fault/fault.ts"
import { codeOf, type Disk } from "../disk/disk.ts"
import { type Layout, layoutOf, stagedSettings } from "../disk/layout.ts"
import { lock } from "../disk/lock.ts"
import { type RelayFile, sha256 } from "../disk/relay-file.ts"
import { type Mode, type Settings, settingsText } from "../plan/install-options.ts"
import type { Step } from "../plan/step.ts"
import { clearHome, type Surroundings, undoSteps } from "../undo/undo.ts"
import { type Install, note, readJournal } from "./journal.ts"
import { preflight } from "./preflight.ts"

/** The part of a plan that is about one plugin directory. */
export type Work = { binDir: string; steps: Step[] }

/**
 * Performs a plan. Each step stands in the journal, on the disk, before it is made. A step that fails takes back
 * what this install did; a crash is taken up by the next install or uninstall, which look at what is there.
 */
export function apply(
  disk: Disk,
  relay: RelayFile,
  install: { mode: Mode; settings: Settings; wallMs: number },
  works: readonly Work[],
  planAgain: () => readonly Work[],
  surroundings: Surroundings,
  progress: (step: Step) => void = () => {},
): void {
  const todo = works.filter(({ steps }) => steps.length > 0)
  const unlocks: (() => void)[] = []
  const begun: { layout: Layout; isFirst: boolean; steps: Step[] }[] = []
  try {
    for (const { binDir } of todo) {
      const layout = layoutOf(binDir)
      const isFirst = enter(disk, layout, unlocks)
      begun.push({ layout, isFirst, steps: [] })
    }
    // A plan of before the lock may be of a node that somebody else has changed since: it could save a relay as original.
    if (todo.length > 0 && JSON.stringify(planAgain()) !== JSON.stringify(works)) {
      const why = "the node was changed by somebody else while cnitap made its plan"
      throw new Fault("REFUSED", why, "Run the same command again.")
    }
    for (const [at, { binDir, steps }] of todo.entries()) {
      const here = begun[at]
      if (!here) continue
      const { layout } = here
      const begin: Install = { ...install, binDir }
      note(disk, layout.journal, { kind: "install", ...begin })
      for (const step of steps) {
        here.steps.push(step)
        note(disk, layout.journal, { kind: "step", step })
        progress(step)
        perform(disk, relay, step)
      }
      note(disk, layout.journal, { kind: "done" })
    }
  } catch (error) {
    takeBack(disk, begun, surroundings)
    throw error
  } finally {
    for (const unlock of unlocks.reverse()) unlock()
    for (const { layout } of begun)
      if (!readJournal(disk, layout.journal, layout.binDir)) disk.removeDirectory(layout.home)
  }
}

/** Two installs may begin in one instant: the directory is whoever's comes first, the lock decides. */
function enter(disk: Disk, layout: Layout, unlocks: (() => void)[]): boolean {
  makeDirectories(disk, layout.home)
  unlocks.push(lock(disk, layout.lock))
  return readJournal(disk, layout.journal, layout.binDir) === undefined
}

/** Only path mode's own directory may be missing. */
function makeDirectories(disk: Disk, path: string): void {
  if (!existsSync(disk.at(dirname(path)))) makeDirectories(disk, dirname(path))
  try {
    disk.makeDirectory(path, 0o755)
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error
  }
}

export function perform(disk: Disk, relay: RelayFile, step: Step): void {
  switch (step.kind) {
    case "mkdir":
      disk.makeDirectory(step.path, step.mode)
      return
    case "link":
      linkOrCopy(disk, step.from, step.path)
      return
    case "symlink":
      disk.symlink(step.target, step.path)
      return
    case "write":
      write(disk, relay, step)
      return
    case "verify":
      preflight(disk, step)
      return
    case "rename":
      disk.rename(step.from, step.path)
      return
    case "remove":
      disk.remove(step.path)
  }
}

/** Some file systems know no hard links (EPERM, EOPNOTSUPP), some limit their number. */
function linkOrCopy(disk: Disk, from: string, path: string): void {
  try {
    disk.link(from, path)
  } catch (error) {
    const cause = error instanceof Fault ? error.cause : error
    if (!["EPERM", "EOPNOTSUPP", "EMLINK", "EXDEV", "ENOSYS"].includes(codeOf(cause) ?? "")) throw error
    disk.copy(from, path)
  }
}

function write(disk: Disk, relay: RelayFile, step: Extract<Step, { kind: "write" }>): void {
  if ("relay" in step) {
    disk.create(step.path, relay.bytes, 0o755)
    if (step.relay.like) disk.copyAttributes(step.relay.like, step.path)
  } else if ("edit" in step) {
    const { from, sha256: planned, text } = step.edit
    if (sha256(readFileSync(disk.at(from))) !== planned) {
      throw new Fault("REFUSED", `${from} was changed while cnitap was at work`, "Run the same command again.")
    }
    disk.create(step.path, Buffer.from(text, "latin1"), 0o600)
    disk.copyAttributes(from, step.path)
  } else disk.create(step.path, step.text, step.mode)
}

function takeBack(
  disk: Disk,
  begun: readonly { layout: Layout; isFirst: boolean; steps: Step[] }[],
  surroundings: Surroundings,
): void {
  for (const { layout, isFirst, steps } of [...begun].reverse()) {
    const { left, tombstones } = undoSteps(disk, steps, surroundings)
    if (left.length > 0 || tombstones.length > 0) continue
    if (isFirst) clearHome(disk, layout)
    else if (steps.length > 0) {
      note(disk, layout.journal, { kind: "undone" })
      restoreSettings(disk, layout)
    }
  }
}

/** New settings were taken back by removing them; what was installed before goes on with its own. */
function restoreSettings(disk: Disk, layout: Layout): void {
  const journal = readJournal(disk, layout.journal, layout.binDir)
  const before = journal?.isRetired ? undefined : journal?.installs.at(-1)
  if (!before || existsSync(disk.at(layout.settings))) return
  const staged = stagedSettings(layout)
  disk.remove(staged)
  disk.create(staged, settingsText(before.settings), 0o644)
  disk.rename(staged, layout.settings)
}
