import { readFileSync } from "node:fs"
import { join } from "node:path"

/**
 * How many PID namespaces that of a /proc is above the one of this process: 1 in a pod that has its own, with the /proc of the
 * node. There, the process has an ID in each of them (proc_pid_status(5)).
 */
export function levelsAbove(proc: string): number {
  const [, ids = ""] = /^NSpid:\t(.*)$/m.exec(statusOf(proc)) ?? []
  return ids.split("\t").length - 1
}

/** Without a /proc, processes have the IDs that this process sees. */
function statusOf(proc: string): string {
  try {
    return readFileSync(join(proc, "self/status"), "utf8")
  } catch {
    return ""
  }
}
