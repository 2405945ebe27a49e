import { existsSync, realpathSync } from "node:fs"
import { Fault } from "../../fault/fault.ts"
import { layoutOf, OBSERVER_DIR } from "../../install/disk/layout.ts"
import type { InstallOptions } from "../../install/plan/install-options.ts"
import type { RecordingGap } from "../../install/status/recording-gap.ts"
import type { Capture } from "../../store/capture/capture.ts"
import { nodePath } from "../args/captures.ts"
import { DEFAULT_SHIM_DIR, KNOWN_BIN_DIRS } from "./default-dirs.ts"

/** The directories of known platforms in which something is installed; empty unless this process is root's. */
export function knownInstallDirs(root = "/"): string[] {
  if (process.getuid?.() !== 0) return []
  return [...KNOWN_BIN_DIRS, DEFAULT_SHIM_DIR, OBSERVER_DIR].filter((binDir) =>
    existsSync(nodePath({ root }, layoutOf(binDir).journal)),
  )
}

/** `wanted`: the options of the install that records them too. */
export type CaptureGaps = { gaps: RecordingGap[]; wanted: InstallOptions }

/**
 * What the active list of this node has that the install which writes this capture does not record. Undefined on any
 * other machine, and if nothing is installed in a directory of a known platform. Loads the installer only if something is.
 */
export async function gapsOfCapture({ directories, root }: Capture): Promise<CaptureGaps | undefined> {
  if (knownInstallDirs(root).length === 0) return undefined
  const [{ gapsOf, installsOf, openNode }, { optionsOf }] = await Promise.all([
    import("./node.ts"),
    import("../../install/status/recording-gaps.ts"),
  ])
  try {
    const node = openNode({ root, shimDir: DEFAULT_SHIM_DIR })
    const installs = installsOf(node)
    const wanted = optionsOf(installs, node.shimDir)
    const isOfCapture = installs.some(({ settings }) =>
      directories.some((directory) => isSamePath(node.disk.at(settings.capture), directory)),
    )
    return wanted && isOfCapture ? { gaps: gapsOf(node, installs), wanted } : undefined
  } catch (error) {
    // What is wrong with the install is reported by status, not by every verb.
    if (!(error instanceof Fault)) throw error
    return undefined
  }
}

/** Since when an install of a known platform writes this capture, and until when; empty if none does. */
export async function installPeriod(capture: string, root = "/"): Promise<{ installedMs?: number; untilMs?: number }> {
  const binDirs = knownInstallDirs(root)
  if (binDirs.length === 0) return {}
  const [{ nodeDisk }, { runProgram }, { readJournal }] = await Promise.all([
    import("../../install/disk/disk.ts"),
    import("../../install/disk/run-program.ts"),
    import("../../install/disk/journal.ts"),
  ])
  const disk = nodeDisk(root, runProgram)
  for (const binDir of binDirs) {
    const journal = readJournal(disk, layoutOf(binDir).journal, binDir)
    const [first, last] = [journal?.installs[0], journal?.installs.at(-1)]
    if (!first || !last || journal?.isRetired || !isSamePath(disk.at(last.settings.capture), capture)) continue
    const { untilMs } = last.settings
    return { installedMs: first.wallMs, ...(untilMs === undefined ? {} : { untilMs }) }
  }
  return {}
}

function isSamePath(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other)
  } catch {
    return false
  }
}
