/** node:fs: what is known of a path. */
import * as native from "native"
import { BigIntStats, numberStats, STAT_FIELDS, type Stats } from "../stats.ts"
import { errorCode, succeeded, systemError } from "../system-error.ts"
import { constants, ownDescriptor } from "./descriptor.ts"

export type { Stats }

type StatOptions = { bigint?: boolean; throwIfNoEntry?: boolean }
/** One overload would hide the others: a path that does not exist gives undefined if that was requested. */
type Stat = {
  (path: string): Stats
  (path: string, options: { throwIfNoEntry: false; bigint?: false }): Stats | undefined
  (path: string, options: { throwIfNoEntry: false; bigint: true }): BigIntStats | undefined
}

const stat = (syscall: string, followsLinks: boolean) =>
  ((path: string, { bigint = false, throwIfNoEntry = true }: StatOptions = {}) => {
    const fields = new BigInt64Array(STAT_FIELDS)
    const own = followsLinks ? ownDescriptor(path) : undefined
    const result = own === undefined ? native.stat(path, followsLinks, fields) : native.fstat(own, fields)
    if (result < 0 && !throwIfNoEntry && errorCode(-result) === "ENOENT") return undefined
    succeeded(result, syscall, path)
    return bigint ? new BigIntStats(fields) : numberStats(fields)
  }) as Stat

export const statSync = stat("stat", true)
export const lstatSync = stat("lstat", false)

export function fstatSync(fd: number): Stats {
  const fields = new BigInt64Array(STAT_FIELDS)
  succeeded(native.fstat(fd, fields), "fstat")
  return numberStats(fields)
}

export function statfsSync(path: string) {
  const found = native.statfs(path)
  if (typeof found === "number") throw systemError(-found, "statfs", path)
  const [type = 0, bsize = 0, blocks = 0, bfree = 0, bavail = 0, files = 0, ffree = 0] = found
  return { type, bsize, blocks, bfree, bavail, files, ffree }
}

export function existsSync(path: string): boolean {
  return native.access(path, constants.F_OK) === 0
}

export function accessSync(path: string, mode: number = constants.F_OK): void {
  succeeded(native.access(path, mode), "access", path)
}
