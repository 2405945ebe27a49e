import { readFileSync } from "node:fs"
import { hostname } from "node:os"
import type { Begin } from "../../capture/record.ts"

/** Linux has counted process times in hundredths of a second for user space on every architecture (USER_HZ). */
const TICK_MS = 10
/** From the start of the relay's process to its begin line; a busy node may take its time, pid reuse takes longer. */
const STARTUP_MS = 5_000

/**
 * Tells whether a call's process still runs on this node: its pid lives and was started just before the begin line.
 * The start time tells a reused pid apart, and one of an earlier boot. Undefined for another node's call.
 */
export function processes(): (begin: Pick<Begin, "node" | "pid" | "monoMs">) => (() => boolean) | undefined {
  const here = hostname()
  const suspendedMs = suspendedTime()
  return (begin) => {
    if (begin.node !== undefined && begin.node !== here) return undefined
    return () => {
      const startMs = startTime(begin.pid)
      if (startMs === undefined) return false
      const beforeBeginMs = begin.monoMs - (startMs - suspendedMs)
      return beforeBeginMs > -2 * TICK_MS && beforeBeginMs < STARTUP_MS
    }
  }
}

/** Field 22 of /proc/<pid>/stat, milliseconds since boot; undefined where the process is gone or a zombie. */
function startTime(pid: number): number | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1")
  } catch {
    return undefined
  }
  // The second field is the name in parentheses, which may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return fields[0] === "Z" || fields[0] === "X" ? undefined : Number(fields[19]) * TICK_MS
}

/** Process start times count the time a machine slept (CLOCK_BOOTTIME); begin lines do not (CLOCK_MONOTONIC). */
function suspendedTime(): number {
  const uptimeMs = Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * 1000
  const monotonicMs = Number(process.hrtime.bigint()) / 1e6
  return Math.max(0, uptimeMs - monotonicMs)
}
