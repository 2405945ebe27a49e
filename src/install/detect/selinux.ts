import type { SeLinux } from "./node-facts.ts"
import type { NodeFiles } from "./node-files.ts"

/** The running kernel's mode; where its file system cannot be seen, the one that the configuration asks for. */
export function findSeLinux(files: NodeFiles, paths: readonly string[]): SeLinux {
  const mode = modeOf(files)
  return { mode, labels: mode === "disabled" ? {} : labelsOf(files, paths) }
}

function modeOf(files: NodeFiles): SeLinux["mode"] {
  const enforce = files.text("/sys/fs/selinux/enforce")?.trim()
  if (enforce !== undefined) return enforce === "1" ? "enforcing" : "permissive"
  if (files.isDirectory("/sys/kernel")) return "disabled"
  const asked = /^SELINUX=(\w+)/m.exec(files.text("/etc/selinux/config") ?? "")?.[1]
  return asked === "enforcing" || asked === "permissive" ? asked : "disabled"
}

/** Node has no call for extended attributes. */
function labelsOf(files: NodeFiles, paths: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const path of new Set(paths)) {
    const host = files.host(path)
    if (host === undefined) continue
    const { stdout, status } = files.run("stat", ["--printf=%C", host])
    const label = stdout.toString("utf8")
    if (status === 0 && label !== "" && label !== "?") labels[path] = label
  }
  return labels
}
