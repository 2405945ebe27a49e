import { closeSync, openSync, readdirSync, readlinkSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"

/** The mount namespace of a process, as the kernel names it; undefined if the process has ended. */
export function mountNamespaceOf(pid: number | undefined): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`)
  } catch {
    return undefined
  }
}

/** An open mount namespace. As long as it is open, the kernel gives its number to no other. */
export type OpenNamespace = { name: string; file: number }

/** The mount namespace of a process; undefined if the process has ended. */
export function openNamespace(pid: number | undefined): OpenNamespace | undefined {
  const name = mountNamespaceOf(pid)
  if (name === undefined) return undefined
  try {
    return { name, file: openSync(`/proc/${pid}/ns/mnt`, "r") }
  } catch {
    return undefined
  }
}

/** Kills every process in the mount namespace of a private node, and closes it when none is left. Never our own. */
export async function killNamespace({ name, file }: OpenNamespace): Promise<void> {
  try {
    if (name === mountNamespaceOf(process.pid)) throw new RangeError("this is the namespace we run in")
    await killAll(() => allPids().filter((pid) => mountNamespaceOf(pid) === name))
  } finally {
    closeSync(file)
  }
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
