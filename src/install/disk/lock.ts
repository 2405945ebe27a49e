import { readFileSync, statSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { Fault } from "../../fault/fault.ts"
import { codeOf, type Disk } from "./disk.ts"
import { list } from "./plugin-dir.ts"
import { identityOf, isRunning, type ProcessIdentity } from "./process-identity.ts"
import { sleep } from "./sleep.ts"

/**
 * Whether a holder in another PID namespace (a container or the node) runs cannot be checked; its lock expires after
 * this time.
 */
const FOREIGN_HOLDER_MS = 10 * 60_000

/** An uninstall in chain mode holds the lock until the calls in flight have finished, at most about this time. */
const LONGEST_HOLD_MS = 30_000
const RETRY_MS = 50

/**
 * Acquires the lock, waiting for another process and taking over the lock of a dead one. Returns a function that
 * releases it, or undefined if the lock's directory does not exist, because another process has just uninstalled. Throws
 * if the lock is held all the time.
 */
export function lock(disk: Disk, path: string): (() => void) | undefined {
  const mine = JSON.stringify(identityOf(process.pid))
  const endMs = Date.now() + LONGEST_HOLD_MS
  for (;;) {
    try {
      disk.create(path, mine, 0o600)
      removeLeftovers(disk, path)
      return () => {
        disk.remove(path)
      }
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined
      if (codeOf(error) !== "EEXIST") throw error
    }
    const held = read(disk, path)
    if (held === undefined) continue
    if (isStale(disk, path, held)) removeStale(disk, path, held)
    else if (Date.now() > endMs) break
    else sleep(RETRY_MS)
  }
  throw new Fault(
    "REFUSED",
    `another cnitap process holds the lock ${path}`,
    "Wait until it has finished and try again.",
  )
}

/**
 * Two processes may find the same lock stale. The rename shows whether it is still that lock or one of a newer holder.
 */
function removeStale(disk: Disk, path: string, stale: string): void {
  const aside = `${path}.${process.pid}`
  try {
    disk.rename(path, aside)
  } catch (error) {
    if (codeOf(error) === "ENOENT") return
    throw error
  }
  if (read(disk, aside) !== stale) disk.link(aside, path)
  disk.remove(aside)
}

/** Removes renamed locks of processes that died while taking over a stale lock. */
function removeLeftovers(disk: Disk, path: string): void {
  for (const name of list(disk.at(dirname(path)))) {
    const pid = new RegExp(`^${basename(path)}\\.(\\d+)$`).exec(name)?.[1]
    if (pid !== undefined && identityOf(Number(pid)).startTicks === "") disk.remove(join(dirname(path), name))
  }
}

function isStale(disk: Disk, path: string, held: string): boolean {
  const holder = parse(held)
  const isAlive = holder && isRunning(holder)
  // An unreadable lock: its creator died between creating and writing it, or is writing it now.
  if (isAlive === undefined) return ageMs(disk.at(path)) > (holder ? FOREIGN_HOLDER_MS : 5_000)
  return !isAlive
}

function ageMs(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat ? Date.now() - stat.mtimeMs : 0
}

function parse(held: string): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(held)
    return typeof value === "object" && value !== null && "pid" in value ? (value as ProcessIdentity) : undefined
  } catch {
    return undefined
  }
}

/** Undefined if it does not exist. */
function read(disk: Disk, path: string): string | undefined {
  try {
    return readFileSync(disk.at(path), "utf8")
  } catch {
    return undefined
  }
}
