import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { Fault } from "../../fault/fault.ts"
import { copyAttributes, copyFile } from "./platform.ts"
import { resolvePath } from "./resolve-path.ts"
import type { RunProgram } from "./run-program.ts"

/**
 * Every change that the installer makes on a node goes through this interface, one method per step, so that tests can
 * crash after each of them. Paths are the node's, and symlinks are resolved as on the node. A change is durable when the
 * method returns, so after a power cut the steps are on disk in order.
 */
export interface Disk {
  /** the path for this process, with every symlink followed */
  at(path: string): string
  /** the path for this process of the entry itself, which may be a symlink */
  entry(path: string): string
  /** Runs a program of this machine; no step of its own. */
  run: RunProgram
  makeDirectory(path: string, mode: number): void
  /** returns false if it is not empty, is a symlink, or does not exist */
  removeDirectory(path: string): boolean
  link(from: string, path: string): void
  symlink(target: string, path: string): void
  /** Creates a copy with all attributes; the fallback for file systems without hard links. */
  copy(from: string, path: string): void
  /**
   * Creates a new file. Existing files are never opened for writing, because libcni treats ETXTBSY on DEL as success.
   */
  create(path: string, content: Uint8Array | string, mode: number): void
  append(path: string, text: string): void
  /**
   * Copies mode, owner, SELinux label and other extended attributes; returns why, if not all attributes were copied.
   */
  copyAttributes(from: string, path: string): string | undefined
  rename(from: string, path: string): void
  /** returns false if it did not exist */
  remove(path: string): boolean
}

export function nodeDisk(root: string, run: RunProgram): Disk {
  const at = (path: string) => pathBelow(root, path, "follow")
  const entry = (path: string) => pathBelow(root, path, "keep")
  return {
    at,
    entry,
    run,
    makeDirectory(path, mode) {
      withFaults(path, () => {
        mkdirSync(entry(path), { mode })
        // The mode must not depend on the umask: it decides who can read a capture and whether a runtime can enter.
        chmodSync(entry(path), mode)
        syncDirectory(entry(path))
      })
    },
    removeDirectory(path) {
      return withFaults(path, () =>
        succeedsUnless(["ENOTEMPTY", "EEXIST", "ENOTDIR", "ENOENT"], () => {
          rmdirSync(entry(path))
          syncDirectory(entry(path))
        }),
      )
    },
    link(from, path) {
      withFaults(path, () => {
        linkSync(entry(from), entry(path))
        syncDirectory(entry(path))
      })
    },
    symlink(target, path) {
      withFaults(path, () => {
        symlinkSync(target, entry(path))
        syncDirectory(entry(path))
      })
    },
    copy(from, path) {
      withFaults(path, () => {
        const why = copyFile(run, entry(from), entry(path))
        if (why !== undefined)
          throw new Fault(
            "REFUSED",
            `cannot copy ${from} with its attributes: ${why}`,
            "Use a file system with hard links.",
          )
        // The target of a symlink is not ours.
        if (lstatSync(entry(path)).isFile()) sync(entry(path))
        syncDirectory(entry(path))
      })
    },
    create(path, content, mode) {
      withFaults(path, () => {
        const fd = openSync(entry(path), "wx", mode)
        try {
          writeFully(fd, content)
          fsyncSync(fd)
        } finally {
          closeSync(fd)
        }
        chmodSync(entry(path), mode)
        syncDirectory(entry(path))
      })
    },
    append(path, text) {
      withFaults(path, () => {
        const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants
        const fd = openSync(entry(path), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600)
        try {
          writeFully(fd, text)
          fsyncSync(fd)
        } finally {
          closeSync(fd)
        }
        syncDirectory(entry(path))
      })
    },
    copyAttributes(from, path) {
      return withFaults(path, () => {
        const { uid, gid, mode } = statSync(at(from))
        // Change the owner first, because chown clears setuid bits.
        chownSync(entry(path), uid, gid)
        chmodSync(entry(path), mode & 0o7777)
        // If that fails, the file keeps the label that its directory assigns.
        const why = copyAttributes(run, at(from), entry(path))
        sync(entry(path))
        return why
      })
    },
    rename(from, path) {
      withFaults(path, () => {
        renameSync(entry(from), entry(path))
        syncDirectory(entry(path))
        if (dirname(from) !== dirname(path)) syncDirectory(entry(from))
      })
    },
    remove(path) {
      return withFaults(path, () =>
        succeedsUnless(["ENOENT"], () => {
          unlinkSync(entry(path))
          syncDirectory(entry(path))
        }),
      )
    },
  }
}

function pathBelow(root: string, path: string, last: "follow" | "keep"): string {
  // Here the kernel resolves the links.
  if (root === "/") return join(root, path)
  // A loop leads nowhere; a name of this length does not exist.
  return join(root, resolvePath(root, path, last) ?? "x".repeat(256))
}

/** Turns system errors into faults that name the path. */
function withFaults<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof Fault) throw error
    const code = codeOf(error)
    if (code === "EACCES" || code === "EPERM") {
      throw new Fault(
        "NOT_PERMITTED",
        `permission denied: cannot change ${path} (${code})`,
        "Run cnitap as root.",
        error,
      )
    }
    if (code === "EROFS") {
      throw new Fault(
        "REFUSED",
        `${path} is on a read-only file system`,
        "Use --mode path, which does not change the plugin directory.",
        error,
      )
    }
    if (code === "ENOSPC" || code === "EDQUOT") {
      throw new Fault(
        "REFUSED",
        `no space left on device: cannot write ${path}`,
        "Free some space and try again.",
        error,
      )
    }
    throw error
  }
}

/** Returns true on success and false on one of these errors. */
function succeedsUnless(codes: string[], act: () => void): boolean {
  try {
    act()
    return true
  } catch (error) {
    if (codes.includes(codeOf(error) ?? "")) return false
    throw error
  }
}

/** Also true for a dangling symlink. */
export function exists(disk: Disk, path: string): boolean {
  return lstatSync(disk.entry(path), { throwIfNoEntry: false }) !== undefined
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined
}

function writeFully(fd: number, content: Uint8Array | string): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

/** A directory entry is durable only after an fsync of its directory. */
function syncDirectory(path: string): void {
  sync(dirname(path))
}

function sync(path: string): void {
  const fd = openSync(path, "r")
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
