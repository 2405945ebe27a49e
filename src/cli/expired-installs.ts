import { Fault } from "../fault/fault.ts"
import type { Context } from "./context.ts"
import { DEFAULT_SHIM_DIR } from "./node/default-dirs.ts"
import { knownInstallDirs } from "./node/known-installs.ts"

/**
 * Restores the files of an install whose time is over, whichever verb runs first after that. A verb that has nothing to
 * do with the node pays a few lookups in the known directories, and loads the installer only where it finds a journal.
 */
export async function endExpiredInstalls(context: Context): Promise<void> {
  const installDirs = knownInstallDirs()
  if (installDirs.length === 0) return
  const { endExpired, openNode } = await import("./node/node.ts")
  try {
    const node = openNode({ root: "/", shimDir: DEFAULT_SHIM_DIR })
    endExpired(context, { ...node, installDirs: [...new Set([...node.installDirs, ...installDirs])] })
  } catch (error) {
    // What is wrong with the install is reported by status, not by every verb.
    if (!(error instanceof Fault)) throw error
  }
}
