import { existsSync, statfsSync } from "node:fs"
import { dirname, join } from "node:path"
import type { NetnsState } from "../../model/ledger/node-ledger.ts"
import type { NodePaths } from "./node-state.ts"

/** NSFS_MAGIC in linux/magic.h: the file system of namespace files. */
const NSFS = 0x6e736673
/** A process, not a mount: CRI-O and docker name namespaces like this. */
const OF_PROCESS = /\/proc\/\d+\/ns\/net$/

/**
 * Whether a path of the node is a network namespace now. `stale`: after a runtime unmounts the namespace, an empty file is
 * left. Undefined if it cannot be determined: if the directory does not exist either (as in a container), a missing file
 * proves nothing; and mounts that the node made after this container started may not be visible here, so that below
 * another root only the node's own mount table shows what is mounted.
 */
export function netnsState(paths: NodePaths, path: string): NetnsState | undefined {
  if (OF_PROCESS.test(path)) return ofFile(join(paths.root, path)) ?? "gone"
  const real = paths.real(path)
  if (real === undefined) return paths.real(dirname(path)) === undefined ? undefined : "gone"
  if (paths.root === "/") return ofFile(real) ?? "gone"
  if (!paths.netnsMounts) return undefined
  return paths.netnsMounts.has(real) ? "active" : "stale"
}

function ofFile(path: string): NetnsState | undefined {
  try {
    return statfsSync(path).type === NSFS ? "active" : "stale"
  } catch {
    return existsSync(path) ? "stale" : undefined
  }
}
