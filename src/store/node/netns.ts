import { existsSync, statfsSync } from "node:fs"
import { dirname } from "node:path"
import type { NetnsState } from "../../model/ledger/node-ledger.ts"

/** NSFS_MAGIC of linux/magic.h: the file system that name space files are of. */
const NSFS = 0x6e736673

/**
 * Whether a path is a network namespace now: a runtime's bind mount leaves an empty file behind when it is undone.
 * Undefined where nobody can tell from here: without the directory, as in a container, that a file is missing says
 * nothing.
 */
export function netnsState(path: string): NetnsState | undefined {
  try {
    return statfsSync(path).type === NSFS ? "active" : "stale"
  } catch {
    return existsSync(dirname(path)) || /\/proc\/\d+\/ns\/net$/.test(path) ? "gone" : undefined
  }
}
