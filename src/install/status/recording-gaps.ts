import type { NodeFacts } from "../detect/node-facts.ts"
import type { Disk } from "../disk/disk.ts"
import { hasProbes } from "../plan/edit-list.ts"
import type { InstallMode, InstallOptions } from "../plan/install-options.ts"
import { type Inventory, takeInventory } from "../plan/inventory.ts"
import { type Target, targetsOf } from "../plan/targets.ts"
import type { RecordingGap } from "./recording-gap.ts"
import type { InstallStatus } from "./status.ts"

/** Reads the plugin directories, and finds what the installs of this node should record and do not. */
export function readRecordingGaps(
  disk: Disk,
  facts: NodeFacts,
  installs: readonly InstallStatus[],
  shimDir: string,
): RecordingGap[] {
  const options = optionsOf(installs, shimDir)
  return options === undefined ? [] : recordingGaps(takeInventory(disk, facts, options), options, installs)
}

/**
 * What the same install would do in addition today. Plugins that it replaced before are not gaps, whatever happened to
 * them since: `InstallStatus` has their state. Pure.
 */
export function recordingGaps(
  inventory: Inventory,
  options: InstallOptions,
  installs: readonly InstallStatus[],
): RecordingGap[] {
  const { facts, activeList } = inventory
  const active = facts.networks.filter(({ isActive }) => isActive).map(({ file }) => file)
  if (options.mode === "chain") {
    const list = activeList?.path
    const isKnown = installs.some((install) => install.list?.path === list)
    return list === undefined || isKnown || hasProbes(activeList?.text ?? "")
      ? []
      : [{ kind: "list", list, cause: "not-installed" }]
  }
  const known = installs.flatMap(({ plugins }) => plugins)
  return targetsOf(inventory, options).flatMap((target): RecordingGap[] => {
    const { name, via, path, reason, installed } = target
    const list = facts.plugins.find((plugin) => plugin.name === name)?.networks.find((file) => active.includes(file))
    // A plugin of --plugins that no active network uses is not called.
    // Its observer follows every file of the directories, also one that came later.
    const isFollowed = options.mode === "observe" && reason === undefined
    if (installed || isFollowed || list === undefined || known.some((plugin) => isSame(options.mode, plugin, target)))
      return []
    const cause = path === undefined ? "missing" : reason === undefined ? "not-installed" : "excluded"
    return [
      {
        kind: "plugin",
        plugin: name,
        ...(via === undefined ? {} : { via }),
        list,
        ...(path === undefined ? {} : { path }),
        cause,
        ...(reason === undefined ? {} : { reason }),
      },
    ]
  })
}

/** The options of the installs together; undefined if nothing is installed. */
export function optionsOf(installs: readonly InstallStatus[], shimDir: string): InstallOptions | undefined {
  const installed = installs.filter(({ state }) => state === "installed")
  const last = installed.reduce<InstallStatus | undefined>(
    (latest, install) => (latest && latest.changedMs >= install.changedMs ? latest : install),
    undefined,
  )
  if (last === undefined) return undefined
  const named = installed.map(({ onlyPlugins }) => onlyPlugins)
  const plugins = named.every((names) => names !== undefined) ? [...new Set(named.flat())] : undefined
  const { mode, settings, isForced } = last
  return { mode, ...(plugins ? { plugins } : {}), shimDir, force: isForced, settings }
}

/** A plugin that was removed has no path any more, and path mode has its relays in a directory of their own. */
function isSame(mode: InstallMode, plugin: { name: string; path: string }, target: Target): boolean {
  return target.path === undefined || mode === "path" ? plugin.name === target.name : plugin.path === target.path
}
