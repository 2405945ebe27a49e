import { readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"
import { dirname, join, resolve } from "node:path"
import type { Begin } from "../../capture/record.ts"
import type { Call } from "../../model/call.ts"

/** Unit of process times in /proc: USER_HZ is 100 on every architecture. */
const TICK_MS = 10
/** Longest time from the start of the relay's process to its begin record on a busy node; reuse of a PID takes longer. */
const STARTUP_MS = 5_000

/**
 * Returns a function that makes an `isAlive` test for a call: whether its relay or its recorder still runs on the node. It must
 * have started just before the begin record was written; this detects a reused PID and a reboot. Undefined for a call of
 * another node, and if the processes of the node cannot be seen. `root`: mount point of the node's root file system; a
 * container that has it sees its own processes in /proc, and those of the node in the /proc below the root.
 */
export function processes(root = "/"): (begin: CallProcess) => (() => boolean) | undefined {
  const proc = procOf(root)
  const nodes = [hostname(), root === "/" ? undefined : nameOf(root)]
  const suspendedMs = suspendedTime()
  const isVisible = startTime(proc, 1) !== undefined
  return (begin) => {
    if (!isVisible || (begin.node !== undefined && !nodes.includes(begin.node))) return undefined
    const startedWithin = (pid: number, earliestMs: number, latestMs: number) => {
      const startMs = startTime(proc, pid)
      const afterMs = startMs === undefined ? Number.NaN : startMs - suspendedMs - begin.monoMs
      return afterMs > earliestMs && afterMs < latestMs
    }
    const { pid, recorderPid } = begin
    if (begin.as === "observer") {
      // Its end will be written as long as the observer runs, and never if it does not.
      const isObserving = () =>
        recorderPid !== undefined && startedWithin(recorderPid, Number.NEGATIVE_INFINITY, STARTUP_MS)
      return isObserving() ? isObserving : undefined
    }
    return () =>
      startedWithin(pid, -STARTUP_MS, 2 * TICK_MS) ||
      // On an extremely busy node the relay does not wait for the last record.
      (recorderPid !== undefined && startedWithin(recorderPid, -STARTUP_MS, STARTUP_MS))
  }
}

type CallProcess = Pick<Begin, "node" | "pid" | "recorderPid" | "monoMs"> & Partial<Pick<Begin, "as">>

/**
 * The plugin of a call in flight: the child of its relay that is not the recorder, which is the same program. Undefined if
 * there is none (or before Linux 3.5). An observed call has no relay.
 */
export function pluginPidOf({ pid, as }: Pick<Begin, "pid" | "as">, root = "/"): number | undefined {
  if (as === "observer") return pid
  const proc = procOf(root)
  const relay = linkOf(`${proc}/${pid}/exe`)
  const children =
    readText(`${proc}/${pid}/task/${pid}/children`)
      ?.split(" ")
      .filter((text) => text.trim() !== "") ?? []
  return children.map(Number).find((child) => relay === undefined || linkOf(`${proc}/${child}/exe`) !== relay)
}

/** The end record will have the plugin's PID; until then it is read from the running processes. */
export function withPluginPid(call: Call, root = "/"): Call {
  const pluginPid = call.state === "running" ? pluginPidOf(call, root) : undefined
  return pluginPid === undefined ? call : { ...call, pluginPid }
}

/** Field 22 of /proc/PID/stat, in milliseconds since boot. Undefined if the process does not exist or is a zombie. */
function startTime(proc: string, pid: number): number | undefined {
  const stat = readText(`${proc}/${pid}/stat`)
  if (stat === undefined) return undefined
  // The second field is the command name in parentheses, which may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return fields[0] === "Z" || fields[0] === "X" ? undefined : Number(fields[19]) * TICK_MS
}

/** As many symbolic links as the kernel follows. */
const MOST_LINKS = 40

/** Of the node below the root, where an absolute link starts at that root: on NixOS the file is one. */
function nameOf(root: string): string | undefined {
  let path = "/etc/hostname"
  for (let links = 0; links < MOST_LINKS; links++) {
    const target = linkOf(join(root, path))
    if (target === undefined) return readText(join(root, path))?.trim()
    path = resolve(dirname(path), target)
  }
  return undefined
}

/** Whether this process and the node below the root have the same PIDs. */
export function sharesProcesses(root: string): boolean {
  return root === "/" || linkOf(`${procOf(root)}/self`) === linkOf("/proc/self")
}

function procOf(root: string): string {
  return join(root, "proc")
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return undefined
  }
}

/**
 * Process start times include suspended time (CLOCK_BOOTTIME), begin records do not (CLOCK_MONOTONIC). Without /proc no
 * process is visible either.
 */
function suspendedTime(): number {
  const uptimeMs = Number(readText("/proc/uptime")?.split(" ")[0] ?? 0) * 1000
  const monotonicMs = Number(process.hrtime.bigint()) / 1e6
  return Math.max(0, uptimeMs - monotonicMs)
}
