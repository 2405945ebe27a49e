import { lstatSync, readlinkSync } from "node:fs"
import { dirname, join } from "node:path"

/** Linux follows as many (MAXSYMLINKS). */
const MAX_LINKS = 40

/**
 * The node's path with symlinks resolved as on the node, whose file system is mounted at `root`: an absolute link starts
 * at the root, and none leads outside. Components that do not exist stay as they are. `last`: whether a link in the last
 * component is followed too. Undefined for a loop.
 */
export function resolvePath(root: string, path: string, last: "follow" | "keep" = "follow"): string | undefined {
  let here = "/"
  const pending = componentsOf(path)
  for (let links = 0; pending.length > 0; ) {
    const component = pending.shift() ?? ""
    if (component === "..") {
      here = dirname(here)
      continue
    }
    const next = join(here, component)
    const target = last === "keep" && pending.length === 0 ? undefined : linkTarget(root, next)
    if (target === undefined) {
      here = next
      continue
    }
    if (++links > MAX_LINKS) return undefined
    if (target.startsWith("/")) here = "/"
    pending.unshift(...componentsOf(target))
  }
  return here
}

function componentsOf(path: string): string[] {
  return path.split("/").filter((component) => component !== "" && component !== ".")
}

function linkTarget(root: string, path: string): string | undefined {
  // The links in /proc/<pid> are not paths.
  if (path.startsWith("/proc/")) return undefined
  try {
    return lstatSync(join(root, path)).isSymbolicLink() ? readlinkSync(join(root, path)) : undefined
  } catch {
    return undefined
  }
}
