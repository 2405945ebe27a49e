import { accessSync, constants, existsSync, statSync } from "node:fs"
import type { Command } from "commander"
import { Fault } from "../../fault/fault.ts"
import { detect } from "../../install/detect/detect.ts"
import type { NodeFacts } from "../../install/detect/node-facts.ts"
import { pluginDirsOf } from "../../install/detect/plugin-dirs.ts"
import { type Disk, nodeDisk } from "../../install/disk/disk.ts"
import { layoutOf } from "../../install/disk/layout.ts"
import { runProgram } from "../../install/disk/run-program.ts"
import { drain } from "../../install/undo/drain.ts"
import { restoreExpired } from "../../install/undo/expiry.ts"
import type { UndoContext } from "../../install/undo/undo.ts"
import type { Context } from "../context.ts"
import { DEFAULT_SHIM_DIR, KNOWN_BIN_DIRS } from "./default-dirs.ts"
import { collectNames, namesOption, textOption } from "./option.ts"

/** The node that an installing verb works on. */
export type NodeView = {
  disk: Disk
  facts: NodeFacts
  /** path mode's directory */
  shimDir: string
  /** everywhere that something of ours may be */
  installDirs: string[]
  undoContext: UndoContext
}

export function addNode(command: Command): Command {
  return command
    .option("--root <directory>", "where the node's file system is mounted", "/")
    .option("--bin-dir <directories>", "plugin directories, instead of those that were found: A,B", collectNames)
    .option("--conf-dir <directory>", "directory of network configurations, instead of the one that was found")
    .option("--shim-dir <directory>", "path mode's own directory", DEFAULT_SHIM_DIR)
}

/** Looks at the node; changes nothing. */
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
  if (!shimDir.startsWith("/")) throw new Fault("USAGE", `--shim-dir ${shimDir} is not absolute`, "Begin it with /.")
  const undoContext = {
    confDirs: [facts.confDir.value],
    binDirs: pluginDirsOf(facts),
    drain: () => drain(facts),
  }
  // What was put into a directory stays ours to take away when the node no longer looks into it.
  const former =
    binDirs.length > 0 ? [] : KNOWN_BIN_DIRS.filter((binDir) => existsSync(disk.at(layoutOf(binDir).journal)))
  const installDirs = [...new Set([...pluginDirsOf(facts), shimDir, ...former])]
  return { disk, facts, shimDir, installDirs, undoContext }
}

/** Puts back what is there of an install whose time is over, and says so. */
export function endExpired(context: Context, { disk, installDirs, shimDir, undoContext }: NodeView): void {
  const { stderr, nowMs } = context
  for (const { binDir, untilMs } of restoreExpired(
    disk,
    installDirs,
    shimDir,
    patient(context, undoContext),
    nowMs(),
  )) {
    stderr.write(`cnitap: the capture in ${binDir} ended at ${instant(untilMs)}; its files are as they were before\n`)
  }
}

/** Says that it waits, to people who wait with it. */
export function patient({ stderr }: Context, undoContext: UndoContext): UndoContext {
  if (!stderr.isTTY) return undoContext
  return {
    ...undoContext,
    drain() {
      stderr.write("cnitap: waiting until the runtime works with the list as it was, and calls under way have ended")
      const underWay = undoContext.drain()
      stderr.write("\r\u001b[K")
      return underWay
    },
  }
}

/** Nothing is begun that could not be brought to its end. */
export function assertWritable(disk: Disk, directories: readonly string[]): void {
  for (const directory of directories) {
    try {
      accessSync(disk.at(directory), constants.W_OK)
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined
      // A read-only file system has its own answer, and a directory that is missing too.
      if (code === "EACCES" || code === "EPERM") {
        throw new Fault("NOT_PERMITTED", `you may not change ${directory}`, "Run cnitap as root.")
      }
    }
  }
}

export function instant(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 16).replace("T", " ")} UTC`
}

function directoryOf(path: string, flag: string, shown = path): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!shown.startsWith("/")) throw new Fault("USAGE", `${flag} ${shown} is not absolute`, "Begin it with /.")
  if (stat?.isDirectory()) return path
  throw new Fault("NOT_FOUND", `${shown} ${stat ? "is no directory" : "does not exist"}`, `Name another with ${flag}.`)
}
