import { readFileSync } from "node:fs"
import { dirname } from "node:path"
import type { NodeFacts } from "../detect/node-facts.ts"
import { pluginDirsOf } from "../detect/plugin-dirs.ts"
import { type Disk, exists } from "../disk/disk.ts"
import { newConfiguration, PROBES, savedConfiguration } from "../disk/layout.ts"
import { list, type PluginDir, readPluginDir, statOf } from "../disk/plugin-dir.ts"
import type { ListFile } from "./chain-steps.ts"
import type { InstallOptions } from "./install-options.ts"

/** Everything that a plan depends on: the node, and what of ours is on it. */
export type Inventory = {
  facts: NodeFacts
  /** the directories that plugins are executed in, the runtime's in its order first, without our own */
  sites: PluginDir[]
  /** the directory of path mode */
  shim: PluginDir
  /** the active network's file */
  activeList?: ListFile
  /** every plugin there is, where path mode must have them all: the runtime looks into one directory only */
  others: string[]
  /** directories that the capture and the log file need, outermost first, and what is there instead of one */
  outputs: Outputs
}

export type Outputs = { missing: string[]; blocked?: string; isOpenToOthers: boolean; isForeign: boolean }

/** Looks, and changes nothing. */
export function takeInventory(disk: Disk, facts: NodeFacts, wish: InstallOptions): Inventory {
  const ownDirs = pluginDirsOf(facts).filter((binDir) => binDir !== wish.shimDir)
  const needsAll = wish.mode === "path" && facts.runtime?.pathSetting.kind === "single"
  const others = needsAll ? ownDirs.flatMap((binDir) => executables(disk, binDir)) : []
  const names = [...(wish.plugins ?? []), ...facts.plugins.map(({ name }) => name), ...others, ...PROBES]
  const shim = readPluginDir(disk, wish.shimDir, names)
  const sites = ownDirs.map((binDir) => readPluginDir(disk, binDir, names))
  const active = facts.networks.find(({ isActive }) => isActive)
  const activeList = active && readList(disk, active.file)
  return {
    facts,
    sites,
    shim,
    ...(activeList ? { activeList } : {}),
    others,
    outputs: readOutputs(disk, wish.settings.capture, wish.settings.logFile),
  }
}

/** Latin-1, so that whatever is no UTF-8 is written back as it was. */
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

function readOutputs(disk: Disk, capture: string, logFile: string | undefined): Outputs {
  const missing = new Set<string>()
  let blocked: string | undefined
  for (const directory of [capture, ...(logFile === undefined ? [] : [dirname(logFile)])]) {
    const wanted: string[] = []
    for (let here = directory; ; here = dirname(here)) {
      const stat = statOf(disk.at(here))
      if (stat && !stat.isDirectory()) blocked = here
      if (stat || here === "/") break
      wanted.unshift(here)
    }
    for (const path of wanted) missing.add(path)
  }
  // Runtimes run plugins as root, and a relay writes to a directory of its own user only.
  const { mode, uid } = statOf(disk.at(capture)) ?? { mode: 0, uid: 0 }
  return {
    missing: [...missing],
    ...(blocked ? { blocked } : {}),
    isOpenToOthers: (mode & 0o077) !== 0,
    isForeign: uid !== 0,
  }
}
