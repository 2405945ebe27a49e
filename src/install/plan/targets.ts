import { dirname } from "node:path"
import type { NodeFacts, Plugin } from "../detect/node-facts.ts"
import { PROBES } from "../disk/layout.ts"
import type { PluginDir, PluginFile } from "../disk/plugin-dir.ts"
import type { InstallOptions } from "./install-options.ts"
import type { Inventory } from "./inventory.ts"
import { isInstalled } from "./swap-steps.ts"

/** One plugin that was asked for, and whether its calls will be recorded. */
export type Target = {
  name: string
  /** how the network reaches it; undefined: it was named by hand and no network does */
  via?: string
  path?: string
  /** why its calls will not be recorded; undefined: they will */
  why?: string
  /** its relay is there already */
  isArmed: boolean
  /** it will see another path as its own, see `plan` */
  isScript?: true
}

/** The plugins that a relay is to stand in the way of, each in the file that the runtime would execute. */
export function targetsOf(survey: Inventory, wish: InstallOptions): Target[] {
  return namesOf(survey, wish).map((name) => targetOf(survey, wish, name))
}

/** The files of one plugin directory whose calls will be recorded. */
export function targetsIn(survey: Inventory, wish: InstallOptions, site: PluginDir): PluginFile[] {
  const wanted = targetsOf(survey, wish).filter(({ why }) => why === undefined)
  return wanted.flatMap(({ path }) => site.plugins.filter((file) => file.path === path))
}

/** Those that the networks execute which the runtime works with; where nobody knows which, all. */
export function activePlugins({ networks, plugins }: NodeFacts): Plugin[] {
  const active = networks.filter(({ isActive }) => isActive).map(({ file }) => file)
  return active.length === 0
    ? plugins
    : plugins.filter((plugin) => plugin.networks.some((file) => active.includes(file)))
}

function namesOf({ facts, others }: Inventory, { plugins }: InstallOptions): string[] {
  const names = [...(plugins ?? activePlugins(facts).map(({ name }) => name)), ...others]
  return names.filter((name, at) => names.indexOf(name) === at && !PROBES.some((probe) => probe === name))
}

function targetOf(survey: Inventory, wish: InstallOptions, name: string): Target {
  const { facts, sites, shim } = survey
  const fact = facts.plugins.find((plugin) => plugin.name === name)
  const via = fact ? { via: fact.via } : survey.others.includes(name) ? { via: "no network" } : {}
  const file = placeOf(facts, sites, name)
  if (!file) {
    return {
      name,
      ...via,
      isArmed: false,
      why: `it is in none of ${sites.map(({ layout }) => layout.binDir).join(", ")}`,
    }
  }
  const isExecutable =
    fact?.path === file.path && fact.isExecutable !== undefined ? fact.isExecutable : file.isExecutable
  const inShim = shim.plugins.find((plugin) => plugin.name === name)
  const armed = wish.mode === "path" ? inShim?.relaySha256 !== undefined && inShim.hasOriginal : isInstalled(file)
  const fighter = facts.agents.find((agent) => agent.onSwap === "fought" && agent.plugins.includes(name))
  const why = !isExecutable
    ? "it is not executable"
    : file.isSetuid
      ? "it is setuid or setgid, and a relay with such rights could be led to somebody else's program"
      : file.relaySha256 !== undefined && !file.hasOriginal
        ? "it is our relay, and its original is gone"
        : wish.mode === "swap" && fighter && !wish.force
          ? `${fighter.name} would put its own back at once, again and again`
          : undefined
  const isScript = file.isScript ? { isScript: true as const } : {}
  return { name, ...via, path: file.path, isArmed: armed, ...isScript, ...(why ? { why } : {}) }
}

function placeOf(facts: NodeFacts, sites: readonly PluginDir[], name: string): PluginFile | undefined {
  const path = facts.plugins.find((plugin) => plugin.name === name)?.path
  const inOrder = path === undefined ? sites : [...sites].sort((a, b) => rank(a, path) - rank(b, path))
  for (const site of inOrder) {
    const file = site.plugins.find((plugin) => plugin.name === name)
    if (file?.kind === "file" || file?.kind === "link") return file
  }
  return undefined
}

function rank({ layout }: PluginDir, path: string): number {
  return layout.binDir === dirname(path) ? 0 : 1
}
