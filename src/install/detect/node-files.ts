import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
  statSync,
} from "node:fs"
import { basename, dirname, join, normalize } from "node:path"
import { Fault } from "../../fault/fault.ts"
import type { RunProgram } from "../disk/run-program.ts"

/**
 * The files of a node below its mount point. Symlinks are resolved as on the node: an absolute one starts at the mount
 * point, and none leads outside of it.
 */
export class NodeFiles {
  readonly root: string
  /** for what no file shows: the version of a daemon, labels of SELinux */
  readonly run: RunProgram

  constructor(root: string, run: RunProgram) {
    this.root = root
    this.run = run
  }

  /** The node's path with every symlink resolved; undefined if the target does not exist. */
  real(path: string): string | undefined {
    return this.#follow(path, 0)
  }

  /** Throws if the path exists but cannot be read, for callers that would treat it as missing otherwise. */
  assertReadable(path: string): void {
    const host = this.host(path)
    if (host === undefined) return
    try {
      accessSync(host, constants.R_OK)
    } catch (cause) {
      throw new Fault("NOT_PERMITTED", `permission denied: cannot read ${path}`, "Run cnitap as root.", cause)
    }
  }

  /** Undefined if it cannot be read. */
  text(path: string): string | undefined {
    return this.bytes(path)?.toString("utf8")
  }

  bytes(path: string): Buffer | undefined {
    const here = this.host(path)
    if (here === undefined) return undefined
    try {
      return readFileSync(here)
    } catch {
      return undefined
    }
  }

  /** Names in byte order, as Go sorts them; empty if there is no such directory. */
  list(path: string): string[] {
    const here = this.host(path)
    if (here === undefined) return []
    try {
      return readdirSync(here).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    } catch {
      return []
    }
  }

  /** Follows symlinks. */
  stat(path: string): Stats | undefined {
    const here = this.host(path)
    return here === undefined ? undefined : statSync(here, { throwIfNoEntry: false })
  }

  isDirectory(path: string): boolean {
    return this.stat(path)?.isDirectory() === true
  }

  isFile(path: string): boolean {
    return this.stat(path)?.isFile() === true
  }

  exists(path: string): boolean {
    return this.stat(path) !== undefined
  }

  /** The target of the symlink itself, unresolved. */
  linkTarget(path: string): string | undefined {
    const parent = this.real(dirname(path))
    if (parent === undefined) return undefined
    try {
      return readlinkSync(join(this.root, parent, basename(path)))
    } catch {
      return undefined
    }
  }

  /** The path for this process. */
  host(path: string): string | undefined {
    const real = this.real(path)
    return real === undefined ? undefined : join(this.root, real)
  }

  #follow(path: string, hops: number): string | undefined {
    if (hops > 40) return undefined
    let here = "/"
    const parts = normalize(path).split("/").filter(Boolean)
    for (const [at, part] of parts.entries()) {
      const next = join(here, part)
      let isLink: boolean
      try {
        isLink = lstatSync(join(this.root, next)).isSymbolicLink()
      } catch {
        return undefined
      }
      // The links in /proc/<pid> are not paths.
      if (!isLink || next.startsWith("/proc/")) {
        here = next
        continue
      }
      const target = readlinkSync(join(this.root, next))
      const base = target.startsWith("/") ? target : join(here, target)
      return this.#follow(join(base, ...parts.slice(at + 1)), hops + 1)
    }
    return here
  }
}
