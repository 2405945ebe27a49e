import { relative } from "node:path"
import type { NodeState } from "../../model/ledger/node-ledger.ts"
import type { Period } from "../../model/ledger/unrecorded.ts"
import { DEFAULT_DATA_DIR, readStore } from "./host-local.ts"
import { DEFAULT_CACHE_DIR, readCache } from "./libcni-cache.ts"
import { netnsState } from "./netns.ts"

/** How this process finds the files of a node. */
export type NodePaths = {
  /** mount point of the node's file system */
  root: string
  /** the path for this process; undefined if the target does not exist */
  host(path: string): string | undefined
  /** the node's path with every symlink resolved; undefined if the target does not exist */
  real(path: string): string | undefined
  /** where network namespaces are mounted, by the node's mount table; undefined if it cannot be read */
  netnsMounts: ReadonlySet<string> | undefined
}

/**
 * Reads a node's own state of its attachments: host-local's stores (the default one and `dataDirs`), libcni's result
 * cache, network namespaces. Paths are those of the node. `node`: its name in records; `unrecorded`: when nothing was
 * recorded. Throws a Fault if permission is denied.
 */
export async function readNodeState(
  paths: NodePaths,
  node: string,
  dataDirs: readonly string[],
  unrecorded: readonly Period[] = [],
): Promise<NodeState> {
  const directories = [...new Set([DEFAULT_DATA_DIR, ...dataDirs])].flatMap((path) => paths.host(path) ?? [])
  const stores = await Promise.all([...new Set(directories)].map(readStore))
  const cacheDir = paths.host(DEFAULT_CACHE_DIR)
  const cached = cacheDir === undefined ? [] : await readCache(cacheDir)
  const ofNode = <File extends { path: string }>(file: File) => ({
    ...file,
    path: `/${relative(paths.root, file.path)}`,
  })
  return {
    node,
    reservations: stores.flatMap(({ reservations }) => reservations.map(ofNode)),
    storeNetworks: new Set(stores.flatMap(({ networks }) => networks)),
    cached: cached.map(ofNode),
    unrecorded,
    netns: (path) => netnsState(paths, path),
  }
}
