import type { AgentEffect } from "../detect/agents/known-agents.ts"
import type { Mount } from "../detect/node-facts.ts"
import { pluginDirsOf } from "../detect/plugin-dirs.ts"
import { layoutOf, PROBES } from "../disk/layout.ts"
import type { PluginDir } from "../disk/plugin-dir.ts"
import { chainSteps } from "./chain-steps.ts"
import { whyNotFirst } from "./first-plugin.ts"
import type { InstallMode, InstallOptions } from "./install-options.ts"
import type { Inventory } from "./inventory.ts"
import { targetsIn, targetsOf } from "./targets.ts"

/** Why a mode cannot be used on this node. */
export type Refusal = {
  reason: string
  /** one imperative sentence */
  hint: string
  /** --force overrides it, at the risk that a pod loses its network or an agent keeps overwriting the change */
  isForceable: boolean
}

export function refusalsOf(mode: InstallMode, inventory: Inventory, options: InstallOptions): Refusal[] {
  const withMode = { ...options, mode }
  return [...generalRefusals(inventory, withMode), ...BY_MODE[mode](inventory, withMode)]
}

const BY_MODE: Record<InstallMode, (inventory: Inventory, options: InstallOptions) => Refusal[]> = {
  swap: swapRefusals,
  path: pathRefusals,
  chain: chainRefusals,
  observe: observeRefusals,
}

/** The mode that is installed in this directory now, if any. */
export function installedMode({ journal }: PluginDir): InstallMode | undefined {
  return journal && !journal.isRetired ? journal.installs.at(-1)?.mode : undefined
}

function generalRefusals(
  { facts, pluginDirs, shim, observer, outputs }: Inventory,
  { mode, settings }: InstallOptions,
): Refusal[] {
  const refusals: Refusal[] = []
  for (const pluginDir of [...pluginDirs, shim, observer]) {
    const installed = installedMode(pluginDir)
    if (installed !== undefined && installed !== mode) {
      refusals.push(
        fixedRefusal(
          `mode ${installed} is already installed in ${pluginDir.layout.binDir}`,
          "Run cnitap uninstall first.",
        ),
      )
    }
  }
  const watched = [facts.confDir.value, ...pluginDirsOf(facts), shim.layout.binDir]
  for (const path of [settings.capture, ...(settings.logFile === undefined ? [] : [settings.logFile])]) {
    // Watchers do not see what happens in subdirectories; only ours is certain to be one for as long as it is needed.
    const isInHome = (directory: string) => path.startsWith(`${layoutOf(directory).home}/`)
    const inside = watched.find(
      (directory) => path === directory || (path.startsWith(`${directory}/`) && !isInHome(directory)),
    )
    if (inside) {
      const hint = "Choose another directory: CRI-O runs VERSION of every plugin after each write there."
      refusals.push(fixedRefusal(`${path} is inside ${inside}, which runtimes watch`, hint))
    }
  }
  if (outputs.blocked) {
    refusals.push(
      fixedRefusal(
        `${outputs.blocked} exists and is not a directory`,
        "Choose another path with --capture or --log-file.",
      ),
    )
  }
  if (outputs.remote) {
    const { path, fsType } = outputs.remote
    const hint = "Choose a directory on a local disk with --capture or --log-file."
    refusals.push(fixedRefusal(`${path} is on a remote file system (${fsType}), to which relays do not write`, hint))
  }
  if (outputs.isOwnedByOther) {
    const hint = `Run chown root ${settings.capture}, or choose another directory with --capture.`
    refusals.push(fixedRefusal(`${settings.capture} is owned by another user, so relays would not write to it`, hint))
  }
  if (outputs.isAccessibleToOthers) {
    const hint = `Run chmod 700 ${settings.capture}, or choose another directory with --capture.`
    refusals.push(
      fixedRefusal(`${settings.capture} is accessible to other users, so relays would not write to it`, hint),
    )
  }
  return refusals
}

function swapRefusals(inventory: Inventory, options: InstallOptions): Refusal[] {
  const { facts, pluginDirs } = inventory
  const hint = "Use --mode path, which does not change the plugin directory."
  // A directory without any plugin of the network (CRI-O's second one on OpenShift) may be read-only.
  const used = pluginDirs.filter((pluginDir) => targetsIn(inventory, options, pluginDir).length > 0)
  const readOnly = used.flatMap(({ layout }) => mountRefusals(facts.mounts, layout.binDir, hint))
  return [...unknownPluginRefusals(inventory, options), ...readOnly, ...targetRefusals(inventory, options)]
}

function pathRefusals(inventory: Inventory, options: InstallOptions): Refusal[] {
  const { facts } = inventory
  const here = mountRefusals(facts.mounts, options.shimDir, "Choose another directory with --shim-dir.")
  return [...unknownPluginRefusals(inventory, options), ...here, ...targetRefusals(inventory, options)]
}

/** `cnitap observe` can do without a directory for its state, and beside an install of another mode. */
function observeRefusals(inventory: Inventory, options: InstallOptions): Refusal[] {
  const { observation } = inventory.facts
  return [
    ...(observation?.possible === false
      ? [fixedRefusal(observation.reason ?? "this kernel cannot be observed", "Use --mode swap.")]
      : []),
    ...unknownPluginRefusals(inventory, options),
    ...targetRefusals(inventory, options),
  ]
}

function mountRefusals(mounts: readonly Mount[], directory: string, hint: string): Refusal[] {
  const mount = mounts.find((candidate) => candidate.directory === directory)
  if (mount?.isReadOnly) return [fixedRefusal(`${directory} is on a read-only file system`, hint)]
  return mount?.isNoexec ? [fixedRefusal(`${directory} is on a file system mounted noexec`, hint)] : []
}

function unknownPluginRefusals({ facts }: Inventory, { plugins }: InstallOptions): Refusal[] {
  if (plugins !== undefined) return []
  const active = facts.networks.find(({ isActive }) => isActive)
  const hint = "Fix it, or list the plugins with --plugins."
  if (active?.broken) return [fixedRefusal(`${active.file} cannot be read: ${active.broken}`, hint)]
  const broken = facts.networks.find((network) => network.broken !== undefined)
  if (!active && broken) return [fixedRefusal(`${broken.file} cannot be read: ${broken.broken}`, hint)]
  if (active || facts.plugins.length > 0) return []
  return [
    fixedRefusal(
      `${facts.confDir.value} has no network configuration, so the plugins to record are not known`,
      "Set the directory with --conf-dir, or the plugins with --plugins.",
    ),
  ]
}

function targetRefusals(inventory: Inventory, options: InstallOptions): Refusal[] {
  const targets = targetsOf(inventory, options)
  const named = targets.filter(({ name, reason }) => options.plugins?.includes(name) && reason !== undefined)
  if (named.length > 0) {
    return named.map(({ name, reason, path, isOverwritten }) => ({
      reason: `${path ?? name} cannot be recorded: ${reason}`,
      hint: "Remove it from --plugins, or fix it.",
      isForceable: isOverwritten === true,
    }))
  }
  if (targets.length === 0 || targets.some(({ reason }) => reason === undefined)) return []
  const [first] = targets
  return [
    fixedRefusal(
      `no plugin can be recorded: ${first?.name}: ${first?.reason}`,
      "Set the plugin directory with --bin-dir.",
    ),
  ]
}

function chainRefusals(inventory: Inventory): Refusal[] {
  const { facts, activeList } = inventory
  const active = facts.networks.find(({ isActive }) => isActive)
  if (!active) {
    const broken = facts.networks.find((network) => network.broken !== undefined)
    return broken
      ? [fixedRefusal(`${broken.file} cannot be read: ${broken.broken}`, "Fix it.")]
      : [fixedRefusal(`${facts.confDir.value} has no network configuration`, "Set the directory with --conf-dir.")]
  }
  if (active.broken) return [fixedRefusal(`${active.file} cannot be read: ${active.broken}`, "Fix it.")]
  if (!activeList) return [fixedRefusal(`${active.file} cannot be read`, "Check its owner and mode.")]
  const pluginDir = probeDirOf(inventory)
  if (!pluginDir) return [fixedRefusal("every plugin directory is read-only", "Use --mode path.")]
  const steps = chainSteps(pluginDir, activeList, undefined, "")
  if ("error" in steps) {
    const hint = "Use --mode swap, which does not edit the list."
    return [fixedRefusal(`${active.file} cannot be edited: ${steps.error}`, hint)]
  }
  return [
    ...mountRefusals(facts.mounts, facts.confDir.value, "Use --mode swap or --mode path."),
    ...foreignProbeRefusals(pluginDir),
    ...firstPluginRefusals(inventory),
    ...facts.agents.flatMap(({ name, onListEdit, behaviour, workaround }) => {
      const effect = LIST_EDIT_EFFECTS[onListEdit]
      if (effect === undefined) return []
      const hint = workaround ? `Use --mode swap, or ${workaround}.` : "Use --mode swap."
      return [{ reason: `${name} would ${effect}: ${behaviour}`, hint, isForceable: true }]
    }),
  ]
}

/** Reasons against editing a list. An agent that merely overwrites it at its next start causes a warning instead. */
const LIST_EDIT_EFFECTS: Partial<Record<AgentEffect, string>> = {
  overwrites: "remove the probes again",
  copies: "copy the probes into its own list",
  rewrites: "rewrite the list around the probes",
}

/** The plugin directory for the probes: the first writable one. */
export function probeDirOf({ facts, pluginDirs }: Inventory): PluginDir | undefined {
  return pluginDirs.find(
    ({ layout }) =>
      facts.binDirs.value.includes(layout.binDir) &&
      !facts.mounts.some((mount) => mount.directory === layout.binDir && mount.isReadOnly),
  )
}

function foreignProbeRefusals({ layout, plugins }: PluginDir): Refusal[] {
  return plugins
    .filter(
      ({ name, kind, relaySha256 }) => PROBES.some((probe) => probe === name) && kind !== "missing" && !relaySha256,
    )
    .map(({ path }) =>
      fixedRefusal(
        `${path} exists and was not installed by cnitap`,
        `Remove it from the list and from ${layout.binDir}.`,
      ),
    )
}

function firstPluginRefusals({ facts }: Inventory): Refusal[] {
  const active = facts.networks.find(({ isActive }) => isActive)
  const first = active?.plugins.find(({ type }) => !PROBES.some((probe) => probe === type))
  const reason = first && whyNotFirst(first.object)
  return reason
    ? [{ reason, hint: "Use --mode swap, which does not change what plugins are given.", isForceable: true }]
    : []
}

function fixedRefusal(reason: string, hint: string): Refusal {
  return { reason, hint, isForceable: false }
}
