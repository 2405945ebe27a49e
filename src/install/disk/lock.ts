import { readFileSync, readlinkSync, statSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { Fault } from "../../fault/fault.ts"
import { codeOf, type Disk } from "./disk.ts"
import { list } from "./plugin-dir.ts"

/** Whoever holds it, told so that another process can see whether it still lives. */
type Holder = { pid: number; startTicks: string; bootId: string; pidNamespace: string }

/** A holder in another pid namespace (a container, or the node itself) cannot be looked for: it is given this long. */
const FOREIGN_HOLDER_MS = 10 * 60_000

/** Takes the lock or says who has it; a lock whose holder died is taken over. Returns what lets it go. */
export function lock(disk: Disk, path: string): () => void {
  const mine = JSON.stringify(holder(process.pid))
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      disk.create(path, mine, 0o600)
      sweep(disk, path)
      return () => {
        disk.remove(path)
      }
    } catch (error) {
      if (codeOf(error) === "ENOENT") continue
      if (codeOf(error) !== "EEXIST") throw error
    }
    const held = read(disk, path)
    if (held === undefined) continue
    if (!isStale(disk, path, held)) break
    takeAway(disk, path, held)
  }
  throw new Fault("REFUSED", `another cnitap is at work (${path})`, "Wait until it has ended and try again.")
}

/** Two may find the same lock stale: the rename tells which of them, or of a newer holder, it belonged to. */
function takeAway(disk: Disk, path: string, stale: string): void {
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

/** What those who took a stale lock away and died over it have left. */
function sweep(disk: Disk, path: string): void {
  for (const name of list(disk.at(dirname(path)))) {
    const pid = new RegExp(`^${basename(path)}\\.(\\d+)$`).exec(name)?.[1]
    if (pid !== undefined && holder(Number(pid)).startTicks === "") disk.remove(join(dirname(path), name))
  }
}

function isStale(disk: Disk, path: string, held: string): boolean {
  const other = parse(held)
  const me = holder(process.pid)
  // Half written: its maker died between creating and writing, or is just now doing so.
  if (!other || other.pidNamespace !== me.pidNamespace || me.bootId === "") {
    const rebooted = other !== undefined && me.bootId !== "" && other.bootId !== me.bootId
    return rebooted || ageMs(disk.at(path)) > (other ? FOREIGN_HOLDER_MS : 5_000)
  }
  return other.bootId !== me.bootId || holder(other.pid).startTicks !== other.startTicks
}

function ageMs(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat ? Date.now() - stat.mtimeMs : 0
}

function holder(pid: number): Holder {
  const stat = text(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
  return {
    pid,
    // The name in brackets may hold blanks; field 22 counts from after it. A pid alone is used again after a while.
    startTicks: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "",
    bootId: text(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")).trim(),
    pidNamespace: text(() => readlinkSync("/proc/self/ns/pid")),
  }
}

function parse(held: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(held)
    return typeof value === "object" && value !== null && "pid" in value ? (value as Holder) : undefined
  } catch {
    return undefined
  }
}

/** undefined: it is gone. */
function read(disk: Disk, path: string): string | undefined {
  try {
    return readFileSync(disk.at(path), "utf8")
  } catch {
    return undefined
  }
}

function text(read: () => string): string {
  try {
    return read()
  } catch {
    return ""
  }
}
