import { existsSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { Fault } from "../../fault/fault.ts"
import type { NodeFacts } from "../detect/node-facts.ts"
import { codeOf, type Disk } from "../disk/disk.ts"
import { appendEntry, type InstallRecord, installIn, readJournal } from "../disk/journal.ts"
import { layoutOf, type PluginDirLayout, stagedSettings } from "../disk/layout.ts"
import { lock } from "../disk/lock.ts"
import { startObserver } from "../disk/observer-process.ts"
import { type RelayFile, sha256 } from "../disk/relay-file.ts"
import { type InstallOptions, settingsText } from "../plan/install-options.ts"
import type { InstallStep } from "../plan/step.ts"
import { clearHome, removeHome, type UndoContext, undoSteps } from "../undo/undo.ts"
import { preflight } from "./preflight.ts"

/** A file that has mode and owner of its original, but not all of its extended attributes. */
export type MissingAttributes = { path: string; why: string }

/** The steps of a plan for one plugin directory. */
export type DirectoryChange = { binDir: string; steps: InstallStep[] }

/** The journal's entry for an install with these options. */
export function installRecord(
  { mode, settings, plugins, force }: InstallOptions,
  { networks }: NodeFacts,
  wallMs: number,
): Omit<InstallRecord, "binDir"> {
  return {
    mode,
    settings,
    ...(plugins ? { plugins } : {}),
    ...(force ? { force } : {}),
    lists: networks.filter(({ isActive }) => isActive).map(({ file }) => file),
    wallMs,
  }
}

/**
 * Performs a plan. The journal names each step, durably, before it is performed. If a step fails, this install is
 * rolled back; after a crash, the next install or uninstall continues from the state that it finds. Returns the files whose
 * extended attributes could not be copied.
 */
export function apply(
  disk: Disk,
  relay: RelayFile,
  install: Omit<InstallRecord, "binDir">,
  changes: readonly DirectoryChange[],
  replan: () => readonly DirectoryChange[],
  undoContext: UndoContext,
  progress: (step: InstallStep) => void = () => {},
): MissingAttributes[] {
  const missing: MissingAttributes[] = []
  const pending = changes.filter(({ steps }) => steps.length > 0)
  const unlocks: (() => void)[] = []
  const started: { layout: PluginDirLayout; isFirst: boolean; steps: InstallStep[] }[] = []
  try {
    for (const { binDir } of pending) {
      const layout = layoutOf(binDir)
      const isFirst = enter(disk, layout, unlocks)
      started.push({ layout, isFirst, steps: [] })
    }
    // The plan was made before the lock was held. If the node has changed since, it could save a relay as an original.
    if (pending.length > 0 && JSON.stringify(replan()) !== JSON.stringify(changes)) {
      const reason = "the node was changed by another process while cnitap planned the install"
      throw new Fault("REFUSED", reason, "Run the same command again.")
    }
    for (const [at, { binDir, steps }] of pending.entries()) {
      const current = started[at]
      if (!current) continue
      const { layout } = current
      const record: InstallRecord = { ...install, binDir }
      appendEntry(disk, layout.journal, { kind: "install", ...record })
      for (const step of steps) {
        current.steps.push(step)
        appendEntry(disk, layout.journal, { kind: "step", step })
        progress(step)
        const why = performStep(disk, relay, layout, step)
        if (why !== undefined) missing.push({ path: finalPath(step, binDir), why })
      }
      appendEntry(disk, layout.journal, { kind: "done" })
    }
    return missing
  } catch (error) {
    rollBack(disk, started, undoContext)
    throw error
  } finally {
    for (const unlock of unlocks.reverse()) unlock()
    for (const { layout } of started) if (!readJournal(disk, layout.journal, layout.binDir)) removeHome(disk, layout)
  }
}

/**
 * If nothing has to be changed, the journal still notes which plugins were asked for: status and watch expect these.
 * Directories of another mode, and those that have the same note, are left alone.
 */
export function recordOptions(disk: Disk, install: Omit<InstallRecord, "binDir">, binDirs: readonly string[]): void {
  for (const binDir of binDirs) {
    const layout = layoutOf(binDir)
    const isDifferent = () => {
      const last = installIn(disk, binDir)
      return last?.mode === install.mode && String(last.plugins) !== String(install.plugins)
    }
    if (!isDifferent()) continue
    const unlock = lock(disk, layout.lock)
    if (!unlock) continue
    try {
      if (!isDifferent()) continue
      appendEntry(disk, layout.journal, { kind: "install", ...install, binDir })
      appendEntry(disk, layout.journal, { kind: "done" })
    } finally {
      unlock()
    }
  }
}

/** Two installs may start at the same time: either may create the directory, and the lock decides. */
function enter(disk: Disk, layout: PluginDirLayout, unlocks: (() => void)[]): boolean {
  for (;;) {
    makeDirectories(disk, layout.home)
    const unlock = lock(disk, layout.lock)
    // Else an uninstall has just removed the directory.
    if (!unlock) continue
    unlocks.push(unlock)
    return readJournal(disk, layout.journal, layout.binDir) === undefined
  }
}

/** Only path mode's directory can be missing. */
function makeDirectories(disk: Disk, path: string): void {
  if (!existsSync(disk.at(dirname(path)))) makeDirectories(disk, dirname(path))
  try {
    disk.makeDirectory(path, 0o755)
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error
  }
}

/** The final path of a staged file. */
function finalPath(step: InstallStep, binDir: string): string {
  return step.kind === "write" && "edit" in step
    ? step.edit.from
    : join(binDir, basename("path" in step ? step.path : ""))
}

/** Returns why extended attributes could not be copied to the new file. */
function performStep(disk: Disk, relay: RelayFile, layout: PluginDirLayout, step: InstallStep): string | undefined {
  switch (step.kind) {
    case "mkdir":
      disk.makeDirectory(step.path, step.mode)
      return undefined
    case "link":
      linkOrCopy(disk, step.from, step.path)
      return undefined
    case "symlink":
      disk.symlink(step.target, step.path)
      return undefined
    case "write":
      return write(disk, relay, step)
    case "verify":
      preflight(disk, step)
      return undefined
    case "rename":
      disk.rename(step.from, step.path)
      return undefined
    case "remove":
      disk.remove(step.path)
      return undefined
    case "observe":
      startObserver(disk, layout, step.args)
      return undefined
  }
}

/** Some file systems have no hard links (EPERM, EOPNOTSUPP), others limit their number. */
function linkOrCopy(disk: Disk, from: string, path: string): void {
  try {
    disk.link(from, path)
  } catch (error) {
    const cause = error instanceof Fault ? error.cause : error
    if (!["EPERM", "EOPNOTSUPP", "EMLINK", "EXDEV", "ENOSYS"].includes(codeOf(cause) ?? "")) throw error
    disk.copy(from, path)
  }
}

function write(disk: Disk, relay: RelayFile, step: Extract<InstallStep, { kind: "write" }>): string | undefined {
  if ("relay" in step) {
    disk.create(step.path, relay.bytes, 0o755)
    return step.relay.like ? disk.copyAttributes(step.relay.like, step.path) : undefined
  }
  if ("edit" in step) {
    const { from, sha256: planned, text } = step.edit
    if (sha256(readFileSync(disk.at(from))) !== planned) {
      throw new Fault("REFUSED", `${from} was changed while cnitap was installing`, "Run the same command again.")
    }
    disk.create(step.path, Buffer.from(text, "latin1"), 0o600)
    return disk.copyAttributes(from, step.path)
  }
  disk.create(step.path, step.text, step.mode)
  return undefined
}

function rollBack(
  disk: Disk,
  started: readonly { layout: PluginDirLayout; isFirst: boolean; steps: InstallStep[] }[],
  undoContext: UndoContext,
): void {
  for (const { layout, isFirst, steps } of [...started].reverse()) {
    const { notRestored, tombstones } = undoSteps(disk, layout, steps, undoContext)
    if (notRestored.length > 0 || tombstones.length > 0) continue
    if (isFirst) clearHome(disk, layout)
    else if (steps.length > 0) {
      appendEntry(disk, layout.journal, { kind: "undone" })
      restoreSettings(disk, layout)
    }
  }
}

/** Rolling back removed the new settings, so the previous install needs its own again. */
function restoreSettings(disk: Disk, layout: PluginDirLayout): void {
  const before = installIn(disk, layout.binDir)
  if (!before || before.mode === "observe" || existsSync(disk.at(layout.settings))) return
  const staged = stagedSettings(layout)
  disk.remove(staged)
  disk.create(staged, settingsText(before.settings), 0o644)
  disk.rename(staged, layout.settings)
}
