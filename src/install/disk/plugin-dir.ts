import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs"
import { basename, dirname, join } from "node:path"
import { Fault } from "../../fault/fault.ts"
import { NodeFiles } from "../detect/node-files.ts"
import { whyNotRunnable } from "../detect/program-file.ts"
import { codeOf, type Disk, exists } from "./disk.ts"
import { type Journal, readJournal } from "./journal.ts"
import { layoutOf, type PluginDirLayout } from "./layout.ts"
import { sha256 } from "./relay-file.ts"

/** The current state of one plugin directory, and of what cnitap installed in it. */
export type PluginDir = {
  layout: PluginDirLayout
  journal: Journal | undefined
  plugins: PluginFile[]
  /** names in `.cnitap`: journal, settings, subdirectories */
  home: string[]
  /** the state of the directory that preflight needs */
  trialHome: "missing" | "empty" | "complete"
  /** staged files of an interrupted install */
  leftovers: string[]
  /** the text of relay.json */
  settings?: string
}

export type PluginFile = {
  name: string
  path: string
  /** the type of the entry itself; the other properties are those of a symlink's target */
  kind: "file" | "link" | "other" | "missing"
  /** of a symlink: the absolute target, with this directory's own name if it leads there by another path */
  target?: string
  isExecutable: boolean
  /** setuid or setgid */
  isSetuid: boolean
  /** the plugin (not the relay) is a script, whose interpreter gets its path */
  isScript: boolean
  /** why the kernel cannot execute the plugin (not the relay): "it requires /usr/bin/python3, which does not exist" */
  broken?: string
  /** the hash of the relay, if a relay is there */
  relaySha256?: string
  /** the absolute target of a symlink in `real/` */
  originalTarget?: string
  hasOriginal: boolean
  /** the saved original is the same file (inode) */
  isSaved: boolean
  /** the former symlink is saved in `links/` */
  hasLink: boolean
}

/** Reads the state of these plugins and of all that have a saved original. */
export function readPluginDir(disk: Disk, binDir: string, names: readonly string[]): PluginDir {
  const layout = layoutOf(binDir)
  const journal = readJournal(disk, layout.journal, binDir)
  const originals = list(disk.at(layout.real))
  if (!journal) assertNoOriginals(disk, layout)
  const relays = relayHashes(journal)
  const plugins = new Map<string, PluginFile>()
  const add = (name: string) => {
    if (plugins.has(name)) return
    const file = pluginFile(disk, layout, name, relays)
    plugins.set(name, file)
    for (const target of [file.target, file.originalTarget]) {
      if (target && dirname(target) === binDir) add(basename(target))
    }
  }
  for (const name of [...names, ...originals]) add(name)
  const settings = textOf(disk.at(layout.settings))
  return {
    layout,
    journal,
    ...(settings === undefined ? {} : { settings }),
    plugins: [...plugins.values()],
    home: list(disk.at(layout.home)),
    trialHome: !exists(disk, layout.trialHome)
      ? "missing"
      : exists(disk, join(layout.trialHome, "real"))
        ? "complete"
        : "empty",
    leftovers: list(disk.at(layout.stage))
      .filter((name) => name !== basename(layout.trialHome))
      .map((name) => join(layout.stage, name)),
  }
}

/** Throws if there are originals but no journal that says what replaced them. */
export function assertNoOriginals(disk: Disk, { binDir, journal, real }: PluginDirLayout): void {
  if (list(disk.at(real)).length === 0) return
  throw new Fault(
    "FILE_BROKEN",
    `${journal} is missing, but ${real} has saved originals`,
    `Move each of them back to ${binDir} if a relay is in its place.`,
  )
}

/** The hashes of all relays that were ever installed, including those of older versions. */
export function relayHashes(journal: Journal | undefined): Set<string> {
  const steps = journal?.steps ?? []
  return new Set(steps.flatMap((step) => (step.kind === "write" && "relay" in step ? step.relay.sha256 : [])))
}

/** The hash of the file if it is one of these relays, unchanged. */
export function relayAt(path: string, relays: ReadonlySet<string>): string | undefined {
  if (relays.size === 0 || !lstatSync(path, { throwIfNoEntry: false })?.isFile()) return undefined
  const hash = unlessRemoved(() => sha256(readFileSync(path)))
  return hash !== undefined && relays.has(hash) ? hash : undefined
}

/**
 * The file that is executed in the end: the original if a relay is at the path, else the path itself. Saved originals
 * without a journal that can be read are taken for those of relays.
 */
export function originalOf(disk: Disk, path: string): string {
  const binDir = dirname(path)
  const original = join(layoutOf(binDir).real, basename(path))
  if (!exists(disk, original)) return path
  const journal = journalOf(disk, binDir)
  return journal === undefined || relayAt(disk.entry(path), relayHashes(journal)) ? original : path
}

function journalOf(disk: Disk, binDir: string): Journal | undefined {
  try {
    return readJournal(disk, layoutOf(binDir).journal, binDir)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return undefined
  }
}

function pluginFile(disk: Disk, layout: PluginDirLayout, name: string, relays: ReadonlySet<string>): PluginFile {
  const path = join(layout.binDir, name)
  const original = join(layout.real, name)
  const itself = lstatSync(disk.entry(path), { throwIfNoEntry: false })
  const reached = itself ? statOf(disk.at(path)) : undefined
  const relaySha256 = relayAt(disk.entry(path), relays)
  const broken = whyNotRunnable(new NodeFiles(disk.at("/"), disk.run), relaySha256 ? original : path)
  const originalItself = lstatSync(disk.entry(original), { throwIfNoEntry: false })
  const target = itself?.isSymbolicLink() ? targetOf(disk, path, layout.binDir) : undefined
  const originalTarget = originalItself?.isSymbolicLink() ? targetOf(disk, original, layout.binDir) : undefined
  return {
    name,
    path,
    kind: !itself ? "missing" : itself.isSymbolicLink() ? "link" : itself.isFile() ? "file" : "other",
    ...(target === undefined ? {} : { target }),
    isExecutable: reached?.isFile() === true && (reached.mode & 0o111) !== 0,
    isSetuid: reached?.isFile() === true && (reached.mode & 0o6000) !== 0,
    isScript: isScript(disk.at(relaySha256 ? original : path)),
    ...(broken === undefined ? {} : { broken }),
    ...(relaySha256 ? { relaySha256 } : {}),
    ...(originalTarget === undefined ? {} : { originalTarget }),
    hasOriginal: originalItself !== undefined,
    isSaved: itself !== undefined && itself.ino === originalItself?.ino && itself.dev === originalItself.dev,
    hasLink: exists(disk, join(layout.links, name)),
  }
}

function isScript(path: string): boolean {
  if (statOf(path)?.isFile() !== true) return false
  let file: number | undefined
  try {
    file = openSync(path, "r")
    const start = Buffer.alloc(2)
    readSync(file, start)
    return start.toString("latin1") === "#!"
  } catch {
    return false
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function targetOf(disk: Disk, path: string, binDir: string): string | undefined {
  const target = unlessRemoved(() => readlinkSync(disk.entry(path)))
  if (target === undefined) return undefined
  const absolute = target.startsWith("/") ? target : join(dirname(path), target)
  return isSameDirectory(disk.at(dirname(absolute)), disk.at(binDir)) ? join(binDir, basename(absolute)) : absolute
}

export function isSameDirectory(one: string, other: string): boolean {
  const [a, b] = [one, other].map(statOf)
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

/** Follows symlinks; undefined for a dangling symlink, a loop, or a path below a file. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

/** Undefined if another process has removed the file, or replaced the symlink, since it was found. */
function unlessRemoved<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "EINVAL") return undefined
    throw error
  }
}

export function list(path: string): string[] {
  try {
    return readdirSync(path).sort()
  } catch {
    return []
  }
}
