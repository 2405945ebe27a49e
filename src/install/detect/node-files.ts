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
import { basename, dirname, join } from "node:path"
import { Fault } from "../../fault/fault.ts"
import { resolvePath } from "../disk/resolve-path.ts"
import type { RunProgram } from "../disk/run-program.ts"

/** The files of a node below its mount point. Symlinks are resolved as on the node. */
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
    const real = resolvePath(this.root, path)
    if (real === undefined) return undefined
    try {
      lstatSync(join(this.root, real))
      return real
    } catch {
      return undefined
    }
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
}
