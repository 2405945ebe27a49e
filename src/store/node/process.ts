import { readFileSync } from "node:fs"
import { hostname } from "node:os"
import type { Begin } from "../../capture/record.ts"
import type { Call } from "../../model/call.ts"

/** Unit of process times in /proc: USER_HZ is 100 on every architecture. */
const TICK_MS = 10
/** Longest time from the start of the relay's process to its begin record on a busy node; reuse of a PID takes longer. */
const STARTUP_MS = 5_000

/**
 * Returns a function that makes an `isAlive` test for a call: whether its process still runs on this node. The process
 * must have started just before the begin record was written; this detects a reused PID and a reboot. Undefined for a
 * call of another node.
 */
export function processes(): (begin: Pick<Begin, "node" | "pid" | "monoMs">) => (() => boolean) | undefined {
  const here = hostname()
  const suspendedMs = suspendedTime()
  return (begin) => {
    if (begin.node !== undefined && begin.node !== here) return undefined
    return () => {
      const startMs = startTime(begin.pid)
      if (startMs === undefined) return false
      const ageAtBeginMs = begin.monoMs - (startMs - suspendedMs)
      return ageAtBeginMs > -2 * TICK_MS && ageAtBeginMs < STARTUP_MS
    }
  }
}

/** The plugin of a call in flight: its relay's only child. Undefined if there is none (or before Linux 3.5). */
export function pluginPidOf({ pid }: Pick<Begin, "pid">): number | undefined {
  try {
    return Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1"), 10) || undefined
  } catch {
    return undefined
  }
}

/** The end record will have the plugin's PID; until then it is read from the running processes. */
export function withPluginPid(call: Call): Call {
  const pluginPid = call.state === "running" ? pluginPidOf(call) : undefined
  return pluginPid === undefined ? call : { ...call, pluginPid }
}

/** Field 22 of /proc/PID/stat, in milliseconds since boot. Undefined if the process does not exist or is a zombie. */
function startTime(pid: number): number | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1")
  } catch {
    return undefined
  }
  // The second field is the command name in parentheses, which may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return fields[0] === "Z" || fields[0] === "X" ? undefined : Number(fields[19]) * TICK_MS
}

/** Process start times include suspended time (CLOCK_BOOTTIME), begin records do not (CLOCK_MONOTONIC). */
function suspendedTime(): number {
  const uptimeMs = Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * 1000
  const monotonicMs = Number(process.hrtime.bigint()) / 1e6
  return Math.max(0, uptimeMs - monotonicMs)
}
