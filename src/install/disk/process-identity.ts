import { readFileSync, readlinkSync } from "node:fs"

/** A process, described so that other processes can check whether it still runs: a PID alone can be reused. */
export type ProcessIdentity = { pid: number; startTicks: string; bootId: string; pidNamespace: string }

/** `startTicks` is empty if there is no such process, or if it has ended and its parent has not yet read its status. */
export function identityOf(pid: number): ProcessIdentity {
  const stat = text(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
  // The command name in parentheses may contain spaces, so count fields from its end: 3 is the state, 22 the start time.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return {
    pid,
    startTicks: fields[0] === "Z" || fields[0] === "X" ? "" : (fields[19] ?? ""),
    bootId: text(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")).trim(),
    pidNamespace: text(() => readlinkSync("/proc/self/ns/pid")),
  }
}

/** Undefined if it cannot be known: the process is in another PID namespace (a container or the node). */
export function isRunning(process: ProcessIdentity): boolean | undefined {
  const now = identityOf(process.pid)
  if (now.bootId !== "" && now.bootId !== process.bootId) return false
  if (now.bootId === "" || now.pidNamespace !== process.pidNamespace) return undefined
  return now.startTicks === process.startTicks
}

function text(read: () => string): string {
  try {
    return read()
  } catch {
    return ""
  }
}
