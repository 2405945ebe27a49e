import { readFileSync } from "node:fs"
import { basename, dirname } from "node:path"
import { mountOf, ownMounts } from "../detect/find-mounts.ts"
import type { NodeFacts } from "../detect/node-facts.ts"
import { pluginDirsOf } from "../detect/plugin-dirs.ts"
import { isRemoteFilesystem } from "../detect/remote-filesystem.ts"
import { type Disk, exists } from "../disk/disk.ts"
import { HOME, newConfiguration, OBSERVER_DIR, PROBES, savedConfiguration } from "../disk/layout.ts"
import { readObserver } from "../disk/observer-state.ts"
import { list, type PluginDir, readPluginDir, statOf } from "../disk/plugin-dir.ts"
import type { ListFile } from "./chain-steps.ts"
import type { InstallOptions } from "./install-options.ts"

/** Everything that a plan depends on: the node, and what cnitap has installed on it. */
export type Inventory = {
  facts: NodeFacts
  /** the directories that plugins are executed from, without path mode's; the runtime's first, in its order */
  pluginDirs: PluginDir[]
  /** path mode's directory */
  shim: PluginDir
  /** mode observe's directory, and whether its observer runs */
  observer: PluginDir & { isRunning: boolean }
  /** the file of the active network */
  activeList?: ListFile
  /**
   * path mode with a runtime that takes a single plugin directory: all executables, whether a network uses them or not
   */
  unreferenced: string[]
  outputs: Outputs
}

/** The directories for the capture and the log file. */
export type Outputs = {
  /** directories to create, outermost first */
  missing: string[]
  /** an existing path that is not a directory */
  blocked?: string
  /** on a file system of a server or of a daemon, which was not accessed: it may hang */
  remote?: { path: string; fsType: string }
  isAccessibleToOthers: boolean
  isOwnedByOther: boolean
}

/** Reads the node; changes nothing. */
export function takeInventory(disk: Disk, facts: NodeFacts, options: InstallOptions): Inventory {
  const ownDirs = pluginDirsOf(facts).filter((binDir) => binDir !== options.shimDir)
  const needsAll = options.mode === "path" && facts.runtime?.pathSetting.kind === "single"
  const unreferenced = needsAll ? ownDirs.flatMap((binDir) => executables(disk, binDir)) : []
  const names = [...(options.plugins ?? []), ...facts.plugins.map(({ name }) => name), ...unreferenced, ...PROBES]
  const shim = readPluginDir(disk, options.shimDir, names)
  const observer = readPluginDir(disk, OBSERVER_DIR, [])
  const pluginDirs = ownDirs.map((binDir) => readPluginDir(disk, binDir, names))
  const active = facts.networks.find(({ isActive }) => isActive)
  const activeList = active && readList(disk, active.file)
  return {
    facts,
    pluginDirs,
    shim,
    observer: { ...observer, isRunning: readObserver(disk, observer.layout)?.isRunning === true },
    ...(activeList ? { activeList } : {}),
    unreferenced,
    outputs: readOutputs(disk, options),
  }
}

/** Reads the list as Latin-1, so that bytes that are not valid UTF-8 are written back unchanged. */
function readList(disk: Disk, path: string): ListFile | undefined {
  try {
    const text = readFileSync(disk.at(path), "latin1")
    return {
      path,
      text,
      hasSaved: exists(disk, savedConfiguration(path)),
      hasUnfinished: exists(disk, newConfiguration(path)),
    }
  } catch {
    return undefined
  }
}

function executables(disk: Disk, binDir: string): string[] {
  return list(disk.at(binDir)).filter((name) => {
    const stat = statOf(`${disk.at(binDir)}/${name}`)
    return stat?.isFile() === true && (stat.mode & 0o111) !== 0
  })
}

function readOutputs(disk: Disk, { mode, settings: { capture, logFile } }: InstallOptions): Outputs {
  const missing = new Set<string>()
  let blocked: string | undefined
  const remote = remoteOf(disk, logFile === undefined ? [capture] : [capture, logFile])
  if (remote) return { missing: [], remote, isAccessibleToOthers: false, isOwnedByOther: false }
  for (const directory of [capture, ...(logFile === undefined ? [] : [dirname(logFile)])]) {
    const toCreate: string[] = []
    for (let here = directory; ; here = dirname(here)) {
      const stat = statOf(disk.at(here))
      if (stat && !stat.isDirectory()) blocked = here
      if (stat || here === "/") break
      toCreate.unshift(here)
    }
    // Our own directory is created before its lock is taken.
    const isOwn = (path: string) => basename(path) === HOME || (mode === "observe" && isInside(OBSERVER_DIR, path))
    for (const path of toCreate) if (!isOwn(path)) missing.add(path)
  }
  // Runtimes run plugins as root, and a relay writes only to a directory of its own user.
  const stat = statOf(disk.at(capture)) ?? { mode: 0, uid: 0 }
  return {
    missing: [...missing],
    ...(blocked ? { blocked } : {}),
    isAccessibleToOthers: (stat.mode & 0o077) !== 0,
    isOwnedByOther: stat.uid !== 0,
  }
}

function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}

/** From this process' mount table: a path below the root is a path of this process. */
function remoteOf(disk: Disk, paths: readonly string[]): Outputs["remote"] {
  const table = ownMounts()
  for (const path of paths) {
    const mount = mountOf(table, disk.at(path))
    if (mount && isRemoteFilesystem(mount.fsType)) return { path, fsType: mount.fsType }
  }
  return undefined
}
