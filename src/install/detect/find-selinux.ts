import { selinuxLabel } from "../disk/platform.ts"
import type { SeLinux } from "./node-facts.ts"
import type { NodeFiles } from "./node-files.ts"

/** The mode of the running kernel, or the configured one if /sys/fs/selinux is not mounted. */
export function findSeLinux(files: NodeFiles, paths: readonly string[]): SeLinux {
  const mode = modeOf(files)
  return { mode, labels: mode === "disabled" ? {} : labelsOf(files, paths) }
}

function modeOf(files: NodeFiles): SeLinux["mode"] {
  const enforce = files.text("/sys/fs/selinux/enforce")?.trim()
  if (enforce !== undefined) return enforce === "1" ? "enforcing" : "permissive"
  if (files.isDirectory("/sys/kernel")) return "disabled"
  const configured = /^SELINUX=(\w+)/m.exec(files.text("/etc/selinux/config") ?? "")?.[1]
  return configured === "enforcing" || configured === "permissive" ? configured : "disabled"
}

function labelsOf(files: NodeFiles, paths: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const path of new Set(paths)) {
    const host = files.host(path)
    if (host === undefined) continue
    const label = selinuxLabel(files.run, host)
    if (label !== undefined) labels[path] = label
  }
  return labels
}
