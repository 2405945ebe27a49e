import { dirname } from "node:path"
import type { NodeFacts, Plugin } from "../detect/node-facts.ts"
import { PROBES } from "../disk/layout.ts"
import type { PluginDir, PluginFile } from "../disk/plugin-dir.ts"
import type { InstallOptions } from "./install-options.ts"
import type { Inventory } from "./inventory.ts"
import { isInstalled } from "./swap-steps.ts"

/** One requested plugin, and whether its calls will be recorded. */
export type Target = {
  name: string
  /** how the network reaches it; undefined for a plugin of --plugins that no network uses */
  via?: string
  path?: string
  /** reason its calls will not be recorded; undefined: they will */
  reason?: string
  /** the relay is already in place */
  installed: boolean
  /** why the kernel cannot execute it; its failures are recorded */
  broken?: string
  /** it will see another path as $0, see `warningsOf` in plan.ts */
  isScript?: true
  /** the reason is an agent that overwrites the relay at once */
  isOverwritten?: true
}

/** The requested plugins, each with the file that the runtime executes. */
export function targetsOf(inventory: Inventory, options: InstallOptions): Target[] {
  return namesOf(inventory, options).map((name) => targetOf(inventory, options, name))
}

/** The files of one plugin directory that a relay will be installed for. */
export function targetsIn(inventory: Inventory, options: InstallOptions, pluginDir: PluginDir): PluginFile[] {
  const recorded = targetsOf(inventory, options).filter(({ reason }) => reason === undefined)
  return recorded.flatMap(({ path }) => pluginDir.plugins.filter((file) => file.path === path))
}

/** The plugins of the active networks; all plugins if no network is active. */
export function activePlugins({ networks, plugins }: NodeFacts): Plugin[] {
  const active = networks.filter(({ isActive }) => isActive).map(({ file }) => file)
  return active.length === 0
    ? plugins
    : plugins.filter((plugin) => plugin.networks.some((file) => active.includes(file)))
}

function namesOf({ facts, unreferenced }: Inventory, { plugins }: InstallOptions): string[] {
  const names = [...(plugins ?? activePlugins(facts).map(({ name }) => name)), ...unreferenced]
  return names.filter((name, at) => names.indexOf(name) === at && !PROBES.some((probe) => probe === name))
}

function targetOf(inventory: Inventory, options: InstallOptions, name: string): Target {
  const { facts, pluginDirs, shim, observer } = inventory
  const isObserved = options.mode === "observe"
  const fact = facts.plugins.find((plugin) => plugin.name === name)
  const via = fact ? { via: fact.via } : inventory.unreferenced.includes(name) ? { via: "no network" } : {}
  const file = fileOf(facts, pluginDirs, name)
  if (!file) {
    return {
      name,
      ...via,
      installed: false,
      reason: `it is not in ${pluginDirs.map(({ layout }) => layout.binDir).join(" or ")}`,
    }
  }
  const isExecutable =
    fact?.path === file.path && fact.isExecutable !== undefined ? fact.isExecutable : file.isExecutable
  const inShim = shim.plugins.find((plugin) => plugin.name === name)
  const installed = isObserved
    ? observer.isRunning
    : options.mode === "path"
      ? inShim?.relaySha256 !== undefined && inShim.hasOriginal
      : isInstalled(file)
  const overwriter = facts.agents.find((agent) => agent.onSwap === "overwrites" && agent.plugins.includes(name))
  const isOverwritten = options.mode === "swap" && overwriter !== undefined && !options.force
  const reason = !isExecutable
    ? "it is not executable"
    : file.isSetuid && !isObserved
      ? "it is setuid or setgid; a relay with these rights could be made to run another program"
      : file.relaySha256 !== undefined && !file.hasOriginal
        ? "it is a relay of cnitap whose original is missing"
        : isOverwritten
          ? `${overwriter.name} overwrites it again as soon as it changes`
          : undefined
  const isScript = file.isScript && !isObserved ? { isScript: true as const } : {}
  return {
    name,
    ...via,
    path: file.path,
    installed,
    ...(file.broken === undefined ? {} : { broken: file.broken }),
    ...isScript,
    ...(reason ? { reason } : {}),
    ...(reason && isOverwritten ? { isOverwritten } : {}),
  }
}

function fileOf(facts: NodeFacts, pluginDirs: readonly PluginDir[], name: string): PluginFile | undefined {
  const path = facts.plugins.find((plugin) => plugin.name === name)?.path
  const inOrder = path === undefined ? pluginDirs : [...pluginDirs].sort((a, b) => rank(a, path) - rank(b, path))
  for (const pluginDir of inOrder) {
    const file = pluginDir.plugins.find((plugin) => plugin.name === name)
    if (file?.kind === "file" || file?.kind === "link") return file
  }
  return undefined
}

function rank({ layout }: PluginDir, path: string): number {
  return layout.binDir === dirname(path) ? 0 : 1
}
