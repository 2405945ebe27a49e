import { Buffer } from "node:buffer"
import { closeSync, openSync, readdirSync, type Stats, statSync } from "node:fs"
import { basename, join } from "node:path"
import type { Begin } from "../capture/record.ts"
import type { Bpf } from "./kernel/bpf.ts"
import type { LoadedProgram } from "./kernel/load.ts"
import { ONLY_KEY, word } from "./kernel/map-bytes.ts"

export type PluginFilesOptions = {
  /** where the node's file system is mounted */
  root: string
  /** the node's /proc, whose PID namespace the IDs in records belong to */
  proc: string
  /** only these */
  plugins: readonly string[] | undefined
}

/** `key`: by which the kernel identifies the file. */
type FollowedFile = {
  key: Uint8Array
  path: string
  inode: string
  original: NonNullable<Begin["original"]>
  version: string
}

const IDENTITY_BYTES = 16

/**
 * The files whose execution is a call, in a map of the kernel: everything that can be executed in the plugin directories,
 * by inode, also where a symlink leads.
 */
export class PluginFiles {
  readonly #bpf: Bpf
  readonly #loaded: LoadedProgram
  readonly #map: number
  readonly #names: ReadonlySet<string> | undefined
  readonly #files = new Map<string, FollowedFile>()
  readonly #numbers: FollowedFile[] = []

  readonly #proc: string
  readonly #root: string

  constructor(bpf: Bpf, loaded: LoadedProgram, { root, proc, plugins }: PluginFilesOptions) {
    this.#proc = proc
    this.#root = root
    this.#bpf = bpf
    this.#loaded = loaded
    this.#map = loaded.maps.get("plugins") ?? -1
    this.#names = plugins ? new Set(plugins) : undefined
  }

  get count(): number {
    return this.#files.size
  }

  /** Plugins that are asked for and have no file. They are followed once they have one. */
  get missing(): string[] {
    const found = new Set([...this.#files.keys()].map((path) => basename(path)))
    return [...(this.#names ?? [])].filter((name) => !found.has(name))
  }

  originalOf(number: number): Begin["original"] {
    return this.#numbers[number]?.original
  }

  /**
   * Whether a file that was executed under the name of a plugin is one of them. `path`: as the caller wrote it, in the root
   * and the working directory of the process. Undefined if the process has ended and the path was relative.
   */
  isPlugin(path: string, pid: number): boolean | undefined {
    const seen = path.startsWith("/")
      ? [`${this.#proc}/${pid}/root${path}`, join(this.#root, path)]
      : [`${this.#proc}/${pid}/cwd/${path}`]
    const stat = seen.map(statOf).find((it) => it !== undefined)
    if (!stat) return path.startsWith("/") ? this.#files.has(path) : undefined
    return [...this.#files.values()].some(({ inode }) => inode === `${stat.dev}:${stat.ino}`)
  }

  /** How many processes are these plugins now: calls that began before the observer. Scripts are not among them. */
  countRunning(): number {
    const inodes = new Set([...this.#files.values()].map(({ inode }) => inode))
    return namesIn(this.#proc).filter((pid) => {
      const stat = /^\d+$/.test(pid) ? statOf(`${this.#proc}/${pid}/exe`) : undefined
      return stat !== undefined && inodes.has(`${stat.dev}:${stat.ino}`)
    }).length
  }

  /** Reads the directories again, and changes the map where a file is new or was replaced. */
  refresh(directories: readonly string[]): void {
    const found = new Set<string>()
    for (const directory of directories)
      for (const name of namesIn(directory)) {
        if (this.#names && !this.#names.has(name)) continue
        const path = join(directory, name)
        const stat = statOf(path)
        if (!stat?.isFile() || (stat.mode & 0o111) === 0) continue
        found.add(path)
        const inode = `${stat.dev}:${stat.ino}`
        const version = `${inode}:${stat.size}:${stat.mtimeMs}`
        if (this.#files.get(path)?.version === version) continue
        this.#remove(path)
        const key = this.#keyOf(path)
        if (!key) continue
        const original = { sizeBytes: stat.size, modifiedMs: Math.floor(stat.mtimeMs / 1000) * 1000 }
        this.#add({ key, path, inode, version, original })
      }
    for (const path of this.#files.keys()) if (!found.has(path)) this.#remove(path)
  }

  #add(file: FollowedFile): void {
    const { key, path } = file
    const number = word(this.#numbers.length)
    this.#bpf.update(this.#map, key, number)
    this.#bpf.update(this.#loaded.maps.get("names") ?? -1, nameKey(path), number)
    this.#numbers.push(file)
    this.#files.set(path, file)
  }

  /** A file system reuses the inode of a deleted file for another one, which is not a plugin. */
  #remove(path: string): void {
    const key = this.#files.get(path)?.key
    this.#files.delete(path)
    if (!key || [...this.#files.values()].some((other) => Buffer.from(other.key).equals(key))) return
    this.#bpf.delete(this.#map, key)
  }

  /** Undefined if the file is missing. The kernel itself returns the key by which it knows an open file. */
  #keyOf(path: string): Uint8Array | undefined {
    let fd: number | undefined
    try {
      fd = openSync(path, "r")
      const key = new Uint8Array(IDENTITY_BYTES)
      if (this.#bpf.run(this.#loaded.identify, word(fd)) < 0) return undefined
      if (this.#bpf.lookup(this.#loaded.maps.get("identified") ?? -1, ONLY_KEY, key) < 0) return undefined
      return key
    } catch {
      return undefined
    } finally {
      if (fd !== undefined) closeSync(fd)
    }
  }
}

/** As the kernel compares it: the base name, cut and filled with zeros. */
function nameKey(path: string): Uint8Array {
  const key = new Uint8Array(NAME_BYTES)
  key.set(Buffer.from(basename(path)).subarray(0, NAME_BYTES - 1))
  return key
}

const NAME_BYTES = 64

/** Undefined if the file is missing, and for a process that even root cannot inspect. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
