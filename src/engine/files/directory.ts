/** node:fs: directories. */
import * as native from "native"
import { Buffer } from "../modules/buffer.ts"
import { randomBytes } from "../modules/crypto.ts"
import { dirname } from "../modules/path.ts"
import { errorCode, succeeded, systemError } from "../system-error.ts"
import { closeSync, constants } from "./descriptor.ts"
import { statSync } from "./stat.ts"

const { O_RDONLY, O_DIRECTORY } = constants

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
