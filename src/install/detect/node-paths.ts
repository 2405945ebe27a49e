import { findNetnsMounts } from "./find-mounts.ts"
import type { NodeFiles } from "./node-files.ts"

/** How to find what a node says about its attachments: its files, and where its network namespaces are mounted. */
export function nodePathsOf(files: NodeFiles) {
  return {
    root: files.root,
    host: (path: string) => files.host(path),
    real: (path: string) => files.real(path),
    netnsMounts: findNetnsMounts(files),
  }
}
