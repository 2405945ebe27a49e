import { accessSync, constants, existsSync, statSync } from "node:fs"
import type { Command } from "commander"
import { Fault } from "../../fault/fault.ts"
import { detect } from "../../install/detect/detect.ts"
import type { NodeFacts } from "../../install/detect/node-facts.ts"
import { pluginDirsOf } from "../../install/detect/plugin-dirs.ts"
import { type Disk, nodeDisk } from "../../install/disk/disk.ts"
import { layoutOf, OBSERVER_DIR } from "../../install/disk/layout.ts"
import { runProgram } from "../../install/disk/run-program.ts"
import type { RecordingGap } from "../../install/status/recording-gap.ts"
import { readRecordingGaps } from "../../install/status/recording-gaps.ts"
import { type InstallStatus, readStatus } from "../../install/status/status.ts"
import { drain } from "../../install/undo/drain.ts"
import { restoreExpired } from "../../install/undo/expiry.ts"
import type { UndoContext } from "../../install/undo/undo.ts"
import { addRoot } from "../args/captures.ts"
import { collectNames, namesOption, textOption } from "../args/option.ts"
import { instant } from "../args/time.ts"
import type { Context } from "../context.ts"
import { DEFAULT_SHIM_DIR, KNOWN_BIN_DIRS } from "./default-dirs.ts"

/** The node that `install` and related verbs work on. */
export type NodeView = {
  disk: Disk
  facts: NodeFacts
  /** path mode's directory */
  shimDir: string
  /** every directory in which something may be installed */
  installDirs: string[]
  undoContext: UndoContext
}

export function addNode(command: Command): Command {
  return addRoot(command)
    .option("--bin-dir <directories>", "plugin directories instead of the detected ones: A,B", collectNames)
    .option("--conf-dir <directory>", "network configuration directory instead of the detected one")
    .option("--shim-dir <directory>", "directory of the relays in path mode", DEFAULT_SHIM_DIR)
}

/** Detects the node; changes nothing. */
export function openNode(options: Record<string, unknown>): NodeView {
  const root = directoryOf(String(options.root), "--root")
  const disk = nodeDisk(root, runProgram)
  const binDirs = namesOption(options.binDir) ?? []
  const confDir = textOption(options.confDir)
  for (const binDir of binDirs) directoryOf(disk.at(binDir), "--bin-dir", binDir)
  if (confDir !== undefined) directoryOf(disk.at(confDir), "--conf-dir", confDir)
  const facts = detect(root, runProgram, {
    ...(binDirs.length > 0 ? { binDirs } : {}),
    ...(confDir ? { confDir } : {}),
  })
  const shimDir = String(options.shimDir)
  if (!shimDir.startsWith("/"))
    throw new Fault("USAGE", `--shim-dir ${shimDir} is not absolute`, "Use an absolute path.")
  const undoContext = {
    confDirs: [facts.confDir.value],
    binDirs: pluginDirsOf(facts),
    drain: () => drain(facts),
  }
  // An install must be found and removed even if the node no longer uses that directory.
  const known = [OBSERVER_DIR, ...(binDirs.length > 0 ? [] : KNOWN_BIN_DIRS)]
  const former = known.filter((binDir) => existsSync(disk.at(layoutOf(binDir).journal)))
  const installDirs = [...new Set([...pluginDirsOf(facts), shimDir, ...former])]
  return { disk, facts, shimDir, installDirs, undoContext }
}

/** What is installed in each directory of the node. */
export function installsOf({ disk, installDirs, undoContext }: NodeView): InstallStatus[] {
  return installDirs.flatMap((binDir) => readStatus(disk, binDir, undoContext) ?? [])
}

/** What the active networks have and none of these installs records. */
export function gapsOf({ disk, facts, shimDir }: NodeView, installs: readonly InstallStatus[]): RecordingGap[] {
  return readRecordingGaps(disk, facts, installs, shimDir)
}

/** Restores the files of an install whose time is over, reports it, and notes it in the context. */
export function endExpired(context: Context, { disk, installDirs, shimDir, undoContext }: NodeView): void {
  const { stderr, nowMs } = context
  const expired = restoreExpired(disk, installDirs, shimDir, withWaitNotice(context, undoContext), nowMs())
  context.expired = expired
  for (const { binDir, untilMs } of expired) {
    stderr.write(`cnitap: the capture in ${binDir} ended at ${instant(untilMs)}; its files are as they were before\n`)
  }
}

/** Shows on a terminal that the command waits for calls in flight. */
export function withWaitNotice({ stderr }: Context, undoContext: UndoContext): UndoContext {
  if (!stderr.isTTY) return undoContext
  return {
    ...undoContext,
    drain() {
      stderr.write("cnitap: waiting until the runtime uses the restored list and calls in flight have ended")
      const underWay = undoContext.drain()
      stderr.write("\r\u001b[K")
      return underWay
    },
  }
}

/** Checks permissions before anything is changed: a half-done install is worse than none. */
export function assertWritable(disk: Disk, directories: readonly string[]): void {
  for (const directory of directories) {
    try {
      accessSync(disk.at(directory), constants.W_OK)
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined
      // A read-only file system and a missing directory are reported by the installer.
      if (code === "EACCES" || code === "EPERM") {
        throw new Fault("NOT_PERMITTED", `permission denied: cannot write to ${directory}`, "Run as root.")
      }
    }
  }
}

function directoryOf(path: string, flag: string, shown = path): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!shown.startsWith("/")) throw new Fault("USAGE", `${flag} ${shown} is not absolute`, "Use an absolute path.")
  if (stat?.isDirectory()) return path
  throw new Fault(
    "FILE_MISSING",
    `${shown} ${stat ? "is not a directory" : "does not exist"}`,
    `Name another with ${flag}.`,
  )
}
