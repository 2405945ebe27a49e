import { readdirSync, readFileSync, readlinkSync } from "node:fs"

const LIMIT_MS = 5_000
const PAUSE_MS = 5
const pause = new Int32Array(new SharedArrayBuffer(4))

/**
 * Waits until the recorders that outlive their relays have ended: on a busy machine, a relay does not wait for more than 100 ms
 * until a recorder has written to a file. One that cannot write never ends, and is not waited for any longer after five seconds.
 * `directory`: of the relays.
 */
export function awaitRecorders(directory: string): void {
  const endMs = Date.now() + LIMIT_MS
  while (hasRecorder(directory) && Date.now() < endMs) Atomics.wait(pause, 0, 0, PAUSE_MS)
}

function hasRecorder(directory: string): boolean {
  return readdirSync("/proc").some((pid) => /^\d+$/.test(pid) && isRecorder(pid, directory))
}

/** Whether a process runs a relay's program and was left to process 1. */
function isRecorder(pid: string, directory: string): boolean {
  try {
    if (!readlinkSync(`/proc/${pid}/exe`).startsWith(`${directory}/`)) return false
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    const [state, parent] = stat.slice(stat.lastIndexOf(") ") + 2).split(" ")
    return state !== "Z" && parent === "1"
  } catch {
    // It is a thread of the kernel, or has ended.
    return false
  }
}
