import { existsSync, statfsSync } from "node:fs"
import { dirname } from "node:path"
import type { NetnsState } from "../../model/ledger/node-ledger.ts"

/** NSFS_MAGIC in linux/magic.h: the file system of namespace files. */
const NSFS = 0x6e736673

/**
 * Whether a path is a network namespace now. `stale`: after a runtime unmounts the namespace, an empty file is left.
 * Undefined if it cannot be determined: if the directory does not exist either (as in a container), a missing file
 * proves nothing.
 */
export function netnsState(path: string): NetnsState | undefined {
  try {
    return statfsSync(path).type === NSFS ? "active" : "stale"
  } catch {
    return existsSync(dirname(path)) || /\/proc\/\d+\/ns\/net$/.test(path) ? "gone" : undefined
  }
}
