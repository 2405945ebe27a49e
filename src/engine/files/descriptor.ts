/** node:fs: files that are open. */
import * as native from "native"
import { Buffer } from "../modules/buffer.ts"
import { succeeded } from "../system-error.ts"

/** Of x86-64 and arm64, which differ in the last four. */
export const constants = {
  F_OK: 0,
  X_OK: 1,
  W_OK: 2,
  R_OK: 4,
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  ...(native.describeProcess().arch === "arm64"
    ? { O_DIRECTORY: 0o40000, O_NOFOLLOW: 0o100000 }
    : { O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000 }),
} as const

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = constants
const FLAGS: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  "r+": O_RDWR,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_TRUNC | O_EXCL,
  "w+": O_RDWR | O_CREAT | O_TRUNC,
  "wx+": O_RDWR | O_CREAT | O_TRUNC | O_EXCL,
  a: O_WRONLY | O_CREAT | O_APPEND,
}

export function openSync(path: string, flags: string | number = "r", mode = 0o666): number {
  const own = ownDescriptor(path)
  if (own !== undefined) return succeeded(native.duplicate(own), "open", path)
  const number = typeof flags === "number" ? flags : (FLAGS[flags] ?? 0)
  return succeeded(native.open(path, number, mode), "open", path)
}

/** Of a path that names an open file of this process, also where /proc is not mounted. */
export function ownDescriptor(path: string): number | undefined {
  const [, fd] = /^\/proc\/self\/fd\/(\d+)$/.exec(path) ?? []
  return fd === undefined ? undefined : Number(fd)
}

export function closeSync(fd: number): void {
  succeeded(native.close(fd), "close")
}

type Range = { offset?: number; length?: number; position?: number | null }

export function readSync(
  fd: number,
  bytes: Uint8Array,
  offset: number | Range = 0,
  length?: number,
  position: number | null = null,
): number {
  if (typeof offset === "object") return readSync(fd, bytes, offset.offset, offset.length, offset.position)
  return succeeded(native.read(fd, bytes, offset, length ?? bytes.length - offset, position ?? -1), "read")
}

export function writeSync(
  fd: number,
  data: Uint8Array | string,
  offset = 0,
  length?: number,
  position: number | null = null,
): number {
  const bytes = typeof data === "string" ? Buffer.from(data) : data
  return succeeded(native.write(fd, bytes, offset, length ?? bytes.length - offset, position ?? -1), "write")
}

export function fsyncSync(fd: number): void {
  succeeded(native.fsync(fd), "fsync")
}
