import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Disk } from "../disk/disk.ts"
import { list } from "../disk/plugin-dir.ts"

/**
 * Where copies of a network configuration outlive a change of its file: libcni's results (the list in base64, which
 * CRI-O uses for CHECK and DEL), and the delegates of Multus and flannel, which are saved at ADD and executed at DEL.
 */
const CACHES = ["/var/lib/cni/results", "/var/lib/cni/cache", "/var/lib/cni/multus", "/var/lib/cni/flannel"]

/** The cached and current configurations that name one of the plugins. Without the plugin, their DEL would fail. */
export function listsInCache(disk: Disk, plugins: readonly string[], confDirs: readonly string[]): string[] {
  const quoted = plugins.map((plugin) => JSON.stringify(plugin))
  return [...CACHES, ...confDirs].flatMap((directory) =>
    list(disk.at(directory))
      .map((name) => join(directory, name))
      .filter((path) => !/\.cnitap-(?:saved|new)$/.test(path) && names(disk.at(path), quoted)),
  )
}

function names(path: string, quoted: string[]): boolean {
  let text: string
  try {
    text = readFileSync(path, "latin1")
  } catch {
    return false
  }
  const mentions = (inner: string) => quoted.some((name) => inner.includes(name))
  if (mentions(text)) return true
  const config = /"config"\s*:\s*"([A-Za-z0-9+/=]+)"/.exec(text)?.[1]
  return config !== undefined && mentions(Buffer.from(config, "base64").toString("latin1"))
}
