import { dirname } from "node:path"
import type { NodeFacts } from "./node-facts.ts"

/**
 * The directories that plugins are executed from: those of the runtime in its order, then those that only Multus
 * searches for its delegates.
 */
export function pluginDirsOf({ binDirs, plugins }: Pick<NodeFacts, "binDirs" | "plugins">): string[] {
  return [...new Set([...binDirs.value, ...plugins.flatMap(({ path }) => (path === undefined ? [] : [dirname(path)]))])]
}
