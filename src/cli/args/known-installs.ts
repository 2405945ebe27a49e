import { existsSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { Fault } from "../../fault/fault.ts"
import { layoutOf } from "../../install/disk/layout.ts"
import type { RecordingGap } from "../../install/status/recording-gap.ts"
import { DEFAULT_SHIM_DIR, KNOWN_BIN_DIRS } from "./default-dirs.ts"

/** The directories of known platforms in which something is installed; empty unless this process is root's. */
export function knownInstallDirs(root = "/"): string[] {
  if (process.getuid?.() !== 0) return []
  return [...KNOWN_BIN_DIRS, DEFAULT_SHIM_DIR].filter((binDir) => existsSync(join(root, layoutOf(binDir).journal)))
}

/**
 * What the active list of this node has that the install which writes this capture does not record. Empty on any other
 * machine, and if nothing is installed in a directory of a known platform. Loads the installer only if something is.
 */
export async function gapsOfCapture(capture: string, root = "/"): Promise<RecordingGap[]> {
  if (knownInstallDirs(root).length === 0) return []
  const { gapsOf, installsOf, openNode } = await import("./node.ts")
  try {
    const node = openNode({ root, shimDir: DEFAULT_SHIM_DIR })
    const installs = installsOf(node)
    const isOfCapture = installs.some(({ settings }) => isSamePath(node.disk.at(settings.capture), capture))
    return isOfCapture ? gapsOf(node, installs) : []
  } catch (error) {
    // What is wrong with the install is reported by status, not by every verb.
    if (!(error instanceof Fault)) throw error
    return []
  }
}

function isSamePath(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other)
  } catch {
    return false
  }
}
