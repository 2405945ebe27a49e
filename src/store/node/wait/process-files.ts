import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs"
import { basename } from "node:path"
import { podKey, podOf } from "../../../model/call.ts"
import type { ProcessName } from "../../../model/process-wait.ts"

/** A file of /proc as text; undefined if the process is gone, or permission is denied. */
export function procText(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, "latin1")
  } catch {
    return undefined
  }
}

export function procNames(path: string): string[] {
  try {
    return readdirSync(`/proc/${path}`)
  } catch {
    return []
  }
}

export type OpenFile = { fd: string; target: string }

/** The open files of a process; sockets as `socket:[inode]`. */
export function openFiles(pid: number): OpenFile[] {
  return procNames(`${pid}/fd`).flatMap((fd) => {
    try {
      return [{ fd, target: readlinkSync(`/proc/${pid}/fd/${fd}`) }]
    } catch {
      return []
    }
  })
}

/** The inode of an open file, also if its path is in another mount namespace. */
export function inodeOf(pid: number, fd: string): number | undefined {
  try {
    return statSync(`/proc/${pid}/fd/${fd}`).ino
  } catch {
    return undefined
  }
}

/** The processes that a process has started, and theirs; of a deep tree only the first levels. */
export function descendants(pid: number, depth = 8): number[] {
  if (depth === 0) return []
  const children = procNames(`${pid}/task`)
    .flatMap((task) => procText(`${pid}/task/${task}/children`)?.split(" ") ?? [])
    .map(Number)
    .filter((child) => child > 0)
  return children.flatMap((child) => [child, ...descendants(child, depth - 1)])
}

/** The name of the program, and the pod that a plugin works for. */
export function processName(pid: number): ProcessName {
  const [program = ""] = procText(`${pid}/cmdline`)?.split("\0") ?? []
  const name = basename(program) || procText(`${pid}/comm`)?.trim() || "?"
  const args = procText(`${pid}/environ`)
    ?.split("\0")
    .find((entry) => entry.startsWith("CNI_ARGS="))
  const pod = podOf(args?.slice("CNI_ARGS=".length))
  return { pid, name: pod ? `${name} for ${podKey(pod)}` : name }
}
