import { readdirSync, readlinkSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"

/** The mount namespace of a process, as the kernel names it; undefined if the process has ended. */
export function mountNamespaceOf(pid: number | undefined): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`)
  } catch {
    return undefined
  }
}

/** Kills every process in a mount namespace of a private node, and returns when none is left. Never in our own. */
export async function killNamespace(namespace: string): Promise<void> {
  if (namespace === mountNamespaceOf(process.pid)) throw new RangeError("this is the namespace we run in")
  await killAll(() => allPids().filter((pid) => mountNamespaceOf(pid) === namespace))
}

/** Kills the processes that `find` returns until it returns none. */
export async function killAll(find: () => number[]): Promise<void> {
  for (let pids = find(); pids.length > 0; pids = find()) {
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL")
      } catch {
        // It has ended already.
      }
    }
    await sleep(20)
  }
}

function allPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
}
