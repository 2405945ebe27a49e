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
import type { RunProgram } from "./run-program.ts"

/**
 * Everything that the installer changes on a node goes through here, one method a step, so that tests can die after
 * each of them. Paths are the node's; the disk puts the root they are mounted under before them. What a method
 * promises is on the disk when it returns: a power cut finds the steps in the order in which they were made.
 */
export interface Disk {
  /** where a path of the node lies for this process, for reading */
  at(path: string): string
  /** Runs a program of this machine; no step of its own. */
  run: RunProgram
  makeDirectory(path: string, mode: number): void
  /** false when it is not empty, or gone */
  removeDirectory(path: string): boolean
  link(from: string, path: string): void
  symlink(target: string, path: string): void
  /** A new file with the bytes and every attribute of another; the way out where a file system has no hard links. */
  copy(from: string, path: string): void
  /** A new file; an existing one is never opened for writing: libcni takes ETXTBSY on DEL for success. */
  create(path: string, content: Uint8Array | string, mode: number): void
  append(path: string, text: string): void
  /** Mode, owner, SELinux label and other extended attributes; false when only mode and owner could be given. */
  copyAttributes(from: string, path: string): boolean
  rename(from: string, path: string): void
  /** false when it was gone already */
  remove(path: string): boolean
}

export function nodeDisk(root: string, run: RunProgram): Disk {
  const at = (path: string) => join(root, path)
  return {
    at,
    run,
    makeDirectory(path, mode) {
      during(path, () => {
        mkdirSync(at(path), { mode })
        // The umask must not decide who may read a capture, nor whether a runtime may enter.
        chmodSync(at(path), mode)
        syncDirectory(at(path))
      })
    },
    removeDirectory(path) {
      return during(path, () =>
        unless(["ENOTEMPTY", "EEXIST", "ENOENT"], () => {
          rmdirSync(at(path))
          syncDirectory(at(path))
        }),
      )
    },
    link(from, path) {
      during(path, () => {
        linkSync(at(from), at(path))
        syncDirectory(at(path))
      })
    },
    symlink(target, path) {
      during(path, () => {
        symlinkSync(target, at(path))
        syncDirectory(at(path))
      })
    },
    copy(from, path) {
      during(path, () => {
        const { error, status, stderr } = run("cp", ["--archive", "--no-target-directory", at(from), at(path)])
        if (error || status !== 0) {
          const why = error ? error.message : String(stderr).trim()
          throw new Fault(
            "REFUSED",
            `cannot copy ${from} with its attributes: ${why}`,
            "Install GNU cp (coreutils), or use a file system with hard links.",
          )
        }
        sync(at(path))
        syncDirectory(at(path))
      })
    },
    create(path, content, mode) {
      during(path, () => {
        const fd = openSync(at(path), "wx", mode)
        try {
          writeWhole(fd, content)
          fsyncSync(fd)
        } finally {
          closeSync(fd)
        }
        chmodSync(at(path), mode)
        syncDirectory(at(path))
      })
    },
    append(path, text) {
      during(path, () => {
        const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants
        const fd = openSync(at(path), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600)
        try {
          writeWhole(fd, text)
          fsyncSync(fd)
        } finally {
          closeSync(fd)
        }
        syncDirectory(at(path))
      })
    },
    copyAttributes(from, path) {
      return during(path, () => {
        const { uid, gid, mode } = statSync(at(from))
        // Owner first: a change of owner takes setuid bits away.
        chownSync(at(path), uid, gid)
        chmodSync(at(path), mode & 0o7777)
        // Node has no call for extended attributes; where GNU cp is missing, the label is the one that the directory gives.
        const { status } = run("cp", [
          "--attributes-only",
          "--preserve=all",
          "--no-preserve=timestamps",
          at(from),
          at(path),
        ])
        sync(at(path))
        return status === 0
      })
    },
    rename(from, path) {
      during(path, () => {
        renameSync(at(from), at(path))
        syncDirectory(at(path))
        if (dirname(from) !== dirname(path)) syncDirectory(at(from))
      })
    },
    remove(path) {
      return during(path, () =>
        unless(["ENOENT"], () => {
          unlinkSync(at(path))
          syncDirectory(at(path))
        }),
      )
    },
  }
}

/** What the machine refuses, said in the tool's words. */
function during<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof Fault) throw error
    const code = codeOf(error)
    if (code === "EACCES" || code === "EPERM") {
      throw new Fault("NOT_PERMITTED", `cannot change ${path}: ${code}`, "Run cnitap as root.", error)
    }
    if (code === "EROFS") {
      throw new Fault(
        "REFUSED",
        `${path} is on a read-only file system`,
        "Use --mode path, which leaves the plugin directory as it is.",
        error,
      )
    }
    if (code === "ENOSPC" || code === "EDQUOT") {
      throw new Fault("REFUSED", `no space left for ${path}`, "Free some space and try again.", error)
    }
    throw error
  }
}

/** Performs and returns true, or returns false over one of these errors. */
function unless(codes: string[], act: () => void): boolean {
  try {
    act()
    return true
  } catch (error) {
    if (codes.includes(codeOf(error) ?? "")) return false
    throw error
  }
}

/** A symlink that leads nowhere exists too. */
export function exists(disk: Disk, path: string): boolean {
  return lstatSync(disk.at(path), { throwIfNoEntry: false }) !== undefined
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined
}

function writeWhole(fd: number, content: Uint8Array | string): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

/** A name is only as durable as its directory. */
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
