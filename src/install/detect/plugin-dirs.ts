import { dirname } from "node:path"
import type { NodeFacts } from "./node-facts.ts"

/**
 * Where the plugins are executed: the runtime's directories in its order, then those that Multus looks into for its
 * delegates and the runtime does not.
 */
export function pluginDirsOf({ binDirs, plugins }: Pick<NodeFacts, "binDirs" | "plugins">): string[] {
  return [...new Set([...binDirs.value, ...plugins.flatMap(({ path }) => (path === undefined ? [] : [dirname(path)]))])]
}
