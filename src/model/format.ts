import { type Exit, SIGNALS } from "../capture/record.ts"
import { type Call, podKey } from "./call.ts"
import type { Operation } from "./operation.ts"

/** `namespace/name` of the pod, or its name; without a pod (GC, STATUS, a container created by hand), the container. */
export function podName({ pod, containerId }: Pick<Operation, "pod" | "containerId">): string {
  return pod ? podKey(pod) : (containerId?.slice(0, 13) ?? "")
}

/** Errors of execve(2), as strerror(3) prints them. */
const ERRORS: Readonly<Record<number, string>> = {
  1: "operation not permitted",
  2: "no such file or directory",
  5: "input/output error",
  7: "argument list too long",
  8: "exec format error",
  11: "resource temporarily unavailable",
  12: "cannot allocate memory",
  13: "permission denied",
  20: "not a directory",
  21: "is a directory",
  22: "invalid argument",
  24: "too many open files",
  26: "text file busy",
  40: "too many levels of symbolic links",
}

export function errorText(errno: number): string {
  return ERRORS[errno] ?? `errno ${errno}`
}

/** How a process ended: `exit 1`, `killed by SIGKILL`. */
export function exitText(exit: Exit | undefined): string {
  if (!exit) return ""
  if ("errno" in exit) return `could not be started: ${errorText(exit.errno)}`
  if ("signal" in exit) return `killed by ${SIGNALS[exit.signal] ?? `signal ${exit.signal}`}`
  return `exit ${exit.code}`
}

/** The processes of a call: the relay, the one that started it, and the plugin. */
export function processText({ pid, ppid, parentName, pluginPid }: Call): string {
  return `${pid}, child of ${ppid}${parentName ? ` (${parentName})` : ""}${pluginPid ? `; plugin ${pluginPid}` : ""}`
}

/** How a call ended, or that it has not. */
export function stateText(call: Call): string {
  if (call.state === "running") return "still running"
  if (call.state === "killed") return "killed before it ended"
  if (call.state === "unknown") return "no end recorded"
  return call.as === "probe" ? "probe" : exitText(call.exit)
}

/** Time since `thenMs` in kubectl's format: two units while the first one is small. */
export function age(thenMs: number, nowMs: number): string {
  const seconds = Math.floor((nowMs - thenMs) / 1000)
  if (seconds < 0) return seconds < -1 ? "in future" : "0s"
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return `${minutes}m${seconds % 60 ? `${seconds % 60}s` : ""}`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return `${hours}h${minutes % 60 ? `${minutes % 60}m` : ""}`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  return days < 8 && hours % 24 ? `${days}d${hours % 24}h` : `${days}d`
}

/** A duration with its unit and three significant digits. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return ""
  if (ms >= 120_000) return age(0, ms)
  if (ms >= 1000) return `${trim(ms / 1000)}s`
  return ms >= 0.1 || ms === 0 ? `${trim(ms)}ms` : `${Math.round(ms * 1000)}µs`
}

function trim(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
