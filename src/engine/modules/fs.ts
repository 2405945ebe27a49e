/** node:fs, as far as cnitap uses it, over system calls. */
import * as native from "native"
import { onReadable } from "../loop.ts"
import { BigIntStats, numberStats, STAT_FIELDS, type Stats } from "../stats.ts"
import { errorCode, succeeded, systemError } from "../system-error.ts"
import { Buffer } from "./buffer.ts"
import { randomBytes } from "./crypto.ts"
import { EventEmitter } from "./events.ts"
import { dirname, resolve } from "./path.ts"

export type { Stats }

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

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY } = constants
const FLAGS: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  "r+": O_RDWR,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_TRUNC | O_EXCL,
  "w+": O_RDWR | O_CREAT | O_TRUNC,
  "wx+": O_RDWR | O_CREAT | O_TRUNC | O_EXCL,
  a: O_WRONLY | O_CREAT | O_APPEND,
}
const CHUNK_BYTES = 1 << 16

type StatOptions = { bigint?: boolean; throwIfNoEntry?: boolean }
type Encoded = string | { encoding?: string | null } | null
/** One overload would hide the others: a path that does not exist gives undefined if that was asked for. */
type Stat = {
  (path: string): Stats
  (path: string, options: { throwIfNoEntry: false; bigint?: false }): Stats | undefined
  (path: string, options: { throwIfNoEntry: false; bigint: true }): BigIntStats | undefined
}

export function openSync(path: string, flags: string | number = "r", mode = 0o666): number {
  const own = ownDescriptor(path)
  if (own !== undefined) return succeeded(native.duplicate(own), "open", path)
  const number = typeof flags === "number" ? flags : (FLAGS[flags] ?? 0)
  return succeeded(native.open(path, number, mode), "open", path)
}

/** Of a path that names an open file of this process, also where /proc is not mounted. */
function ownDescriptor(path: string): number | undefined {
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

export function readFileSync(path: string | number): Buffer
export function readFileSync(path: string | number, encoding: Encoded): string
export function readFileSync(path: string | number, options?: Encoded): Buffer | string {
  const fd = typeof path === "number" ? path : openSync(path)
  try {
    const bytes = readToEnd(fd)
    const encoding = typeof options === "string" ? options : options?.encoding
    return encoding ? bytes.toString(encoding as "utf8") : bytes
  } finally {
    if (typeof path === "string") closeSync(fd)
  }
}

/** A file in /proc has no size, and another process may append to one. */
function readToEnd(fd: number): Buffer {
  const { size } = fstatSync(fd)
  let bytes = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, size + 1))
  let length = 0
  for (;;) {
    const count = readSync(fd, bytes, length, bytes.length - length)
    if (count === 0) return bytes.subarray(0, length) as Buffer
    length += count
    if (length === bytes.length) bytes = Buffer.concat([bytes], 2 * length)
  }
}

export function readlinkSync(path: string): string {
  const target = native.readlink(path)
  if (typeof target === "number") throw systemError(-target, "readlink", path)
  return target
}

/** As many symbolic links as the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40

/** Component by component, as Node.js does: an error names the one that is missing. */
export function realpathSync(path: string): string {
  let rest = resolve(path).split("/").filter(Boolean)
  let real = ""
  for (let links = 0; rest.length > 0; ) {
    const [name = "", ...more] = rest
    const here = `${real}/${name}`
    rest = more
    if (!lstatSync(here).isSymbolicLink()) {
      real = here
      continue
    }
    if (++links > MOST_LINKS) throw systemError(40, "stat", path)
    const target = readlinkSync(here)
    statSync(here)
    rest = [
      ...resolve(real || "/", target)
        .split("/")
        .filter(Boolean),
      ...more,
    ]
    real = ""
  }
  return real || "/"
}

/** In the order of bytes, as libuv sorts them. */
export function readdirSync(path: string): string[] {
  const directory = new Dir(path, succeeded(native.open(path, O_RDONLY | O_DIRECTORY, 0), "scandir", path))
  try {
    const names: string[] = []
    for (let entry = directory.readSync(); entry; entry = directory.readSync()) names.push(entry.name)
    return names.length < 2
      ? names
      : names
          .map((name) => Buffer.from(name))
          .sort(Buffer.compare)
          .map(String)
  } finally {
    directory.closeSync()
  }
}

export function opendirSync(path: string): Dir {
  // The error of Node.js does not name the path.
  return new Dir(path, succeeded(native.open(path, O_RDONLY | O_DIRECTORY, 0), "opendir"))
}

/** Reads some thousand names at a time. */
export class Dir {
  readonly path: string
  readonly #fd: number
  #entries: (string | number)[] = []
  #next = 0

  constructor(path: string, fd: number) {
    this.path = path
    this.#fd = fd
  }

  readSync(): { name: string } | null {
    if (this.#next >= this.#entries.length) {
      const entries = native.entries(this.#fd)
      if (typeof entries === "number") throw systemError(-entries, "scandir", this.path)
      this.#entries = entries
      this.#next = 0
      if (entries.length === 0) return null
    }
    const name = this.#entries[this.#next]
    this.#next += 2
    return { name: String(name) }
  }

  closeSync(): void {
    closeSync(this.#fd)
  }
}

export function mkdirSync(
  path: string,
  { mode = 0o777, recursive = false }: { mode?: number; recursive?: boolean } = {},
): void {
  if (recursive && path !== dirname(path)) mkdirSync(dirname(path), { recursive })
  const result = native.mkdir(path, mode)
  if (recursive && result < 0 && errorCode(-result) === "EEXIST" && statSync(path).isDirectory()) return
  succeeded(result, "mkdir", path)
}

export function rmdirSync(path: string): void {
  succeeded(native.rmdir(path), "rmdir", path)
}

export function unlinkSync(path: string): void {
  succeeded(native.unlink(path), "unlink", path)
}

/** A file, or a directory with what is in it. */
export function rmSync(
  path: string,
  { force = false, recursive = false }: { force?: boolean; recursive?: boolean } = {},
): void {
  const result = native.unlink(path)
  const code = result < 0 ? errorCode(-result) : ""
  if (code === "ENOENT" && force) return
  if (code === "EISDIR" && recursive) {
    for (const name of readdirSync(path)) rmSync(`${path}/${name}`, { force: true, recursive })
    rmdirSync(path)
    return
  }
  succeeded(result, code === "ENOENT" ? "lstat" : "rm", path)
}

/** A new directory that only this user can read, whose name begins with `prefix`. */
export function mkdtempSync(prefix: string): string {
  const path = `${prefix}${randomBytes(6).toString("base64url").replace(/\W/g, "x").slice(0, 6)}`
  succeeded(native.mkdir(path, 0o700), "mkdtemp", `${prefix}XXXXXX`)
  return path
}

export function renameSync(from: string, to: string): void {
  succeeded(native.rename(from, to), "rename", from, to)
}

export function linkSync(from: string, to: string): void {
  succeeded(native.link(from, to), "link", from, to)
}

export function symlinkSync(target: string, path: string): void {
  succeeded(native.symlink(target, path), "symlink", target, path)
}

export function chmodSync(path: string, mode: number): void {
  succeeded(native.chmod(path, mode), "chmod", path)
}

export function chownSync(path: string, uid: number, gid: number): void {
  succeeded(native.chown(path, uid, gid), "chown", path)
}

/** Calls the listener after each change in a directory. */
export function watch(path: string, listener: () => void): FSWatcher {
  return new FSWatcher(succeeded(native.openWatch(path), "watch", path), listener)
}

export class FSWatcher extends EventEmitter {
  readonly #fd: number
  readonly #stop: () => void
  #isOpen = true

  constructor(fd: number, listener: () => void) {
    super()
    this.#fd = fd
    const events = new Uint8Array(CHUNK_BYTES)
    this.#stop = onReadable(fd, () => {
      while (native.read(fd, events, 0, events.length, -1) > 0);
      listener()
    })
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#stop()
    closeSync(this.#fd)
    queueMicrotask(() => this.emit("close"))
  }
}

/** Reads a file chunk by chunk. */
export async function* createReadStream(path: string): AsyncGenerator<Buffer> {
  const fd = openSync(path)
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      const count = readSync(fd, chunk)
      if (count === 0) return
      yield chunk.subarray(0, count) as Buffer
    }
  } finally {
    closeSync(fd)
  }
}

class FileHandle {
  readonly fd: number

  constructor(fd: number) {
    this.fd = fd
  }

  async read(buffer: Buffer, offset = 0, length = buffer.length - offset, position: number | null = null) {
    return { bytesRead: readSync(this.fd, buffer, offset, length, position), buffer }
  }

  async close(): Promise<void> {
    closeSync(this.fd)
  }
}

/** A system call on a file takes as long as a thread would need to be told of it. */
export const promises = {
  open: async (path: string, flags?: string): Promise<FileHandle> => new FileHandle(openSync(path, flags)),
  readFile: async (path: string, encoding: Encoded = null) =>
    encoding ? readFileSync(path, encoding) : readFileSync(path),
  readdir: async (path: string): Promise<string[]> => readdirSync(path),
}

export default { constants, existsSync, accessSync, readFileSync, realpathSync, statSync, lstatSync }
