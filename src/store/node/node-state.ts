import { join } from "node:path"
import type { NodeState } from "../../model/ledger/node-ledger.ts"
import { DEFAULT_DATA_DIR, readReservations } from "./host-local.ts"
import { DEFAULT_CACHE_DIR, readCache } from "./libcni-cache.ts"
import { netnsState } from "./netns.ts"

/**
 * Reads a node's own state of its attachments: host-local's stores (the default one and `dataDirs`), libcni's result
 * cache, network namespaces. `root`: mount point of the node's file system; `node`: its name in records. Throws a Fault
 * if permission is denied.
 */
export async function readNodeState(root: string, node: string, dataDirs: readonly string[]): Promise<NodeState> {
  const directories = [...new Set([DEFAULT_DATA_DIR, ...dataDirs])].map((directory) => join(root, directory))
  const stores = await Promise.all(directories.map(readReservations))
  return {
    node,
    reservations: stores.flat(),
    cached: await readCache(join(root, DEFAULT_CACHE_DIR)),
    netns: (path) => netnsState(join(root, path)),
  }
}
