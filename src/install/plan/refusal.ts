import type { Effect } from "../detect/known-agents.ts"
import type { Mount } from "../detect/node-facts.ts"
import { pluginDirsOf } from "../detect/plugin-dirs.ts"
import { PROBES } from "../disk/layout.ts"
import type { PluginDir } from "../disk/plugin-dir.ts"
import { chainSteps } from "./chain-steps.ts"
import { whyNotFirst } from "./first-plugin.ts"
import type { InstallOptions, Mode } from "./install-options.ts"
import type { Inventory } from "./inventory.ts"
import { targetsIn, targetsOf } from "./targets.ts"

/** Why a mode is not used on this node. */
export type Refusal = {
  why: string
  /** one imperative sentence */
  hint: string
  /** --force goes on all the same: a pod may lose its network, or an agent may fight */
  isForceable: boolean
}

export function refusalsOf(mode: Mode, survey: Inventory, wish: InstallOptions): Refusal[] {
  const asked = { ...wish, mode }
  return [...generalRefusals(survey, asked), ...BY_MODE[mode](survey, asked)]
}

const BY_MODE: Record<Mode, (survey: Inventory, wish: InstallOptions) => Refusal[]> = {
  swap: swapRefusals,
  path: pathRefusals,
  chain: chainRefusals,
}

/** What is installed there now, if anything. */
export function installedMode({ journal }: PluginDir): Mode | undefined {
  return journal && !journal.isRetired ? journal.installs.at(-1)?.mode : undefined
}

function generalRefusals({ facts, sites, shim, outputs }: Inventory, { mode, settings }: InstallOptions): Refusal[] {
  const refusals: Refusal[] = []
  for (const site of [...sites, shim]) {
    const installed = installedMode(site)
    if (installed !== undefined && installed !== mode) {
      refusals.push(firm(`mode ${installed} is installed in ${site.layout.binDir}`, "Run cnitap uninstall first."))
    }
  }
  const watched = [facts.confDir.value, ...pluginDirsOf(facts), shim.layout.binDir]
  for (const path of [settings.capture, ...(settings.logFile === undefined ? [] : [settings.logFile])]) {
    const inside = watched.find((directory) => path === directory || path.startsWith(`${directory}/`))
    if (inside) {
      const hint = "Name a place elsewhere: CRI-O runs every plugin again on each write there."
      refusals.push(firm(`${path} lies in ${inside}, which runtimes watch`, hint))
    }
  }
  if (outputs.blocked) {
    refusals.push(
      firm(`${outputs.blocked} is in the way and is no directory`, "Name another place with --capture or --log-file."),
    )
  }
  if (outputs.isForeign) {
    const hint = `Run chown root ${settings.capture}, or name another directory with --capture.`
    refusals.push(firm(`${settings.capture} belongs to another user, so that relays would not write there`, hint))
  }
  if (outputs.isOpenToOthers) {
    const hint = `Run chmod 700 ${settings.capture}, or name another directory with --capture.`
    refusals.push(firm(`${settings.capture} may be read by others, so that relays would not write there`, hint))
  }
  return refusals
}

function swapRefusals(survey: Inventory, wish: InstallOptions): Refusal[] {
  const { facts, sites } = survey
  const hint = "Use --mode path, which leaves the plugin directory as it is."
  // A directory that no plugin comes from (CRI-O's second on OpenShift) may be as it likes.
  const used = sites.filter((site) => targetsIn(survey, wish, site).length > 0)
  const readOnly = used.flatMap(({ layout }) => mountTrouble(facts.mounts, layout.binDir, hint))
  return [...unknownPlugins(survey, wish), ...readOnly, ...emptyTargets(survey, wish)]
}

function pathRefusals(survey: Inventory, wish: InstallOptions): Refusal[] {
  const { facts } = survey
  const here = mountTrouble(facts.mounts, wish.shimDir, "Name another directory with --shim-dir.")
  return [...unknownPlugins(survey, wish), ...here, ...emptyTargets(survey, wish)]
}

function mountTrouble(mounts: readonly Mount[], directory: string, hint: string): Refusal[] {
  const mount = mounts.find((candidate) => candidate.directory === directory)
  if (mount?.isReadOnly) return [firm(`${directory} is on a read-only file system`, hint)]
  return mount?.isNoexec ? [firm(`${directory} is on a file system that is mounted noexec`, hint)] : []
}

function unknownPlugins({ facts }: Inventory, { plugins }: InstallOptions): Refusal[] {
  if (plugins !== undefined) return []
  const active = facts.networks.find(({ isActive }) => isActive)
  const hint = "Repair it, or name the plugins with --plugins."
  if (active?.broken) return [firm(`${active.file} cannot be read: ${active.broken}`, hint)]
  const broken = facts.networks.find((network) => network.broken !== undefined)
  if (!active && broken) return [firm(`${broken.file} cannot be read: ${broken.broken}`, hint)]
  if (active || facts.plugins.length > 0) return []
  return [
    firm(
      `${facts.confDir.value} holds no network configuration, so that nobody knows which plugins count`,
      "Name the directory with --conf-dir, or the plugins with --plugins.",
    ),
  ]
}

function emptyTargets(survey: Inventory, wish: InstallOptions): Refusal[] {
  const targets = targetsOf(survey, wish)
  const named = targets.filter(({ name, why }) => wish.plugins?.includes(name) && why !== undefined)
  if (named.length > 0) {
    return named.map(({ name, why, path }) => ({
      why: `${path ?? name} cannot be recorded: ${why}`,
      hint: "Leave it out of --plugins, or repair it.",
      isForceable: why?.includes("again and again") === true,
    }))
  }
  if (targets.length === 0 || targets.some(({ why }) => why === undefined)) return []
  const [first] = targets
  return [firm(`no plugin can be recorded: ${first?.name}: ${first?.why}`, "Name the plugin directory with --bin-dir.")]
}

function chainRefusals(survey: Inventory): Refusal[] {
  const { facts, activeList } = survey
  const active = facts.networks.find(({ isActive }) => isActive)
  if (!active) {
    const broken = facts.networks.find((network) => network.broken !== undefined)
    return broken
      ? [firm(`${broken.file} cannot be read: ${broken.broken}`, "Repair it.")]
      : [firm(`${facts.confDir.value} holds no network configuration`, "Name the directory with --conf-dir.")]
  }
  if (active.broken) return [firm(`${active.file} cannot be read: ${active.broken}`, "Repair it.")]
  if (!activeList) return [firm(`${active.file} cannot be read`, "Look at its owner and mode.")]
  const site = probeDirOf(survey)
  if (!site) return [firm("every plugin directory is read-only", "Use --mode path.")]
  const steps = chainSteps(site, activeList, undefined, "")
  if ("error" in steps) {
    const hint = "Use --mode swap, which needs no list."
    return [firm(`${active.file} cannot be edited: ${steps.error}`, hint)]
  }
  return [
    ...mountTrouble(facts.mounts, facts.confDir.value, "Use --mode swap or --mode path."),
    ...foreignProbes(site),
    ...firstPlugin(survey),
    ...facts.agents.flatMap(({ name, onListEdit, does, instead }) => {
      const would = WOULD[onListEdit]
      if (would === undefined) return []
      const hint = instead ? `Use --mode swap, or ${instead}.` : "Use --mode swap."
      return [{ why: `${name} would ${would}: ${does}`, hint, isForceable: true }]
    }),
  ]
}

/** What agents do to a list that stands against editing it; entries that are only lost are worth a warning. */
const WOULD: Partial<Record<Effect, string>> = {
  fought: "take our entries out again",
  copied: "copy our entries",
  rewritten: "write the list anew around our entries",
}

/** The plugin directory that the probes go into: the first that can be written. */
export function probeDirOf({ facts, sites }: Inventory): PluginDir | undefined {
  return sites.find(
    ({ layout }) =>
      facts.binDirs.value.includes(layout.binDir) &&
      !facts.mounts.some((mount) => mount.directory === layout.binDir && mount.isReadOnly),
  )
}

function foreignProbes({ layout, plugins }: PluginDir): Refusal[] {
  return plugins
    .filter(
      ({ name, kind, relaySha256 }) => PROBES.some((probe) => probe === name) && kind !== "missing" && !relaySha256,
    )
    .map(({ path }) =>
      firm(`${path} is there already and is not ours`, `Take it out of the list and out of ${layout.binDir}.`),
    )
}

function firstPlugin({ facts }: Inventory): Refusal[] {
  const active = facts.networks.find(({ isActive }) => isActive)
  const first = active?.plugins.find(({ type }) => !PROBES.some((probe) => probe === type))
  const why = first && whyNotFirst(first.object)
  return why
    ? [{ why, hint: "Use --mode swap, which changes nothing of what plugins are given.", isForceable: true }]
    : []
}

function firm(why: string, hint: string): Refusal {
  return { why, hint, isForceable: false }
}
