import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { Fault } from "../fault/fault.ts"
import type { Disk } from "./disk.ts"
import { type Journal, readJournal } from "./journal.ts"
import { type Layout, layoutOf } from "./layout.ts"
import { sha256 } from "./relay-file.ts"

/** One plugin directory as it is now: what of ours is in it, and what became of it. */
export type Site = {
  layout: Layout
  journal: Journal | undefined
  plugins: PluginFile[]
  /** unfinished files of an install that did not come to its end */
  leftovers: string[]
}

export type PluginFile = {
  name: string
  path: string
  /** `link` tells the symlink itself; everything else is told of the file it leads to */
  kind: "file" | "link" | "other" | "missing"
  /** of a symlink: absolute, as the node sees it */
  target?: string
  isExecutable: boolean
  /** hash of our relay, when that is what stands there */
  relaySha256?: string
  /** a symlink in `real/` leads there: absolute */
  originalTarget?: string
  hasOriginal: boolean
}

/** Reads what the names need, and whatever else we have an original of. */
export function readSite(disk: Disk, binDir: string, names: readonly string[]): Site {
  const layout = layoutOf(binDir)
  assertInside(disk, binDir)
  const journal = readJournal(disk, layout.journal, binDir)
  const originals = list(disk.at(layout.real))
  if (!journal && originals.length > 0) {
    throw new Fault(
      "FILE_BROKEN",
      `${layout.journal} is missing, but there are originals in ${layout.real}`,
      `Move them back to ${binDir} by hand where a relay stands in their place.`,
    )
  }
  const relays = relayHashes(journal)
  const all = [...new Set([...names, ...originals])].sort()
  return {
    layout,
    journal,
    plugins: all.map((name) => pluginFile(disk, layout, name, relays)),
    leftovers: list(disk.at(layout.stage))
      .filter((name) => name !== ".cnitap")
      .map((name) => join(layout.stage, name)),
  }
}

/** Every relay that was ever put there: an older cnitap's too. */
export function relayHashes(journal: Journal | undefined): Set<string> {
  const steps = journal?.steps ?? []
  return new Set(steps.flatMap((step) => (step.kind === "write" && "relay" in step ? step.relay.sha256 : [])))
}

/** The hash of the file if it is one of ours, whole and unchanged. */
export function relayAt(path: string, relays: ReadonlySet<string>): string | undefined {
  if (relays.size === 0 || !lstatSync(path, { throwIfNoEntry: false })?.isFile()) return undefined
  const hash = sha256(readFileSync(path))
  return relays.has(hash) ? hash : undefined
}

function pluginFile(disk: Disk, layout: Layout, name: string, relays: ReadonlySet<string>): PluginFile {
  const path = join(layout.binDir, name)
  const original = join(layout.real, name)
  const itself = lstatSync(disk.at(path), { throwIfNoEntry: false })
  const reached = itself ? statSync(disk.at(path), { throwIfNoEntry: false }) : undefined
  const relaySha256 = relayAt(disk.at(path), relays)
  const originalItself = lstatSync(disk.at(original), { throwIfNoEntry: false })
  return {
    name,
    path,
    kind: !itself ? "missing" : itself.isSymbolicLink() ? "link" : itself.isFile() ? "file" : "other",
    ...(itself?.isSymbolicLink() ? { target: absoluteTarget(disk, path) } : {}),
    isExecutable: reached?.isFile() === true && (reached.mode & 0o111) !== 0,
    ...(relaySha256 ? { relaySha256 } : {}),
    ...(originalItself?.isSymbolicLink() ? { originalTarget: absoluteTarget(disk, original) } : {}),
    hasOriginal: originalItself !== undefined,
  }
}

function absoluteTarget(disk: Disk, path: string): string {
  const target = readlinkSync(disk.at(path))
  return target.startsWith("/") ? target : join(dirname(path), target)
}

/** An absolute symlink of the node leads out of the root that it is mounted under, into our own file system. */
function assertInside(disk: Disk, binDir: string): void {
  const root = realpathSync(disk.at("/"))
  if (root === "/" || !lstatSync(disk.at(binDir), { throwIfNoEntry: false })) return
  const real = realpathSync(disk.at(binDir))
  if (real === root || real.startsWith(`${root}/`)) return
  throw new Fault("REFUSED", `${binDir} is a symlink that leads out of ${root}`, "Name its target with --bin-dir.")
}

export function list(path: string): string[] {
  try {
    return readdirSync(path).sort()
  } catch {
    return []
  }
}
