import { readlinkSync } from "node:fs"

/** A daemon that has closed or replaced these is not waited for. */
const DESCRIPTORS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

/** Whether a process has a pipe or socket with one of these inodes open. `directory`: of the process in /proc. */
export function hasOpen(directory: string, inodes: readonly number[]): boolean {
  return DESCRIPTORS.some((fd) => {
    const link = linkOf(`${directory}/fd/${fd}`)
    return inodes.some((ino) => link?.endsWith(`:[${ino}]`))
  })
}

/** Undefined if the process is gone, or the link is missing. */
export function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
