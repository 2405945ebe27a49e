import { dirname, join } from "node:path"
import type { DirectoryChange } from "../apply/apply.ts"
import type { NodeFacts } from "../detect/node-facts.ts"
import { type PathSetting, type Runtime, runtimeLabel } from "../detect/runtimes/runtime.ts"
import { layoutOf, PROBES, stagedSettings } from "../disk/layout.ts"
import type { PluginDir } from "../disk/plugin-dir.ts"
import { chainSteps } from "./chain-steps.ts"
import { type InstallMode, type InstallOptions, MODES, settingsText } from "./install-options.ts"
import type { Inventory } from "./inventory.ts"
import { findNotRecorded, type NotRecorded } from "./not-recorded.ts"
import { shimSteps } from "./path-steps.ts"
import { probeDirOf, type Refusal, refusalsOf } from "./refusal.ts"
import type { InstallStep } from "./step.ts"
import { homeSteps, swapSteps } from "./swap-steps.ts"
import { activePlugins, type Target, targetsIn, targetsOf } from "./targets.ts"

/** What an install would do, complete and before anything is changed. */
export type Plan = {
  options: InstallOptions
  /** why it cannot be done; empty if it can */
  refusals: Refusal[]
  /** refusals that `--force` overrides, and what agents will do to the install */
  warnings: string[]
  /** by plugin directory; empty if nothing has to be changed */
  changes: DirectoryChange[]
  targets: Target[]
  notRecorded: NotRecorded[]
  /** chain mode: the network configuration before and after the edit, in Latin-1 */
  edit?: { path: string; before: string; after: string }
  /** path mode: what the operator has to set; undefined if no runtime was found */
  pathSetting?: PathSetting
  /** the other modes, and why they would be refused */
  otherModes: { mode: InstallMode; refusals: Refusal[] }[]
}

/** Pure: the same inventory and the same options always give the same plan. */
export function planInstall(inventory: Inventory, options: InstallOptions, relaySha256: string): Plan {
  const refusals = refusalsOf(options.mode, inventory, options)
  const blocking = refusals.filter(({ isForceable }) => !(isForceable && options.force))
  const targets = options.mode === "chain" ? [] : targetsOf(inventory, options)
  const pathSetting = options.mode === "path" ? inventory.facts.runtime?.pathSetting : undefined
  const reached = options.mode === "chain" ? activePlugins(inventory.facts) : targets
  return {
    options,
    refusals: blocking,
    warnings: [
      ...refusals.filter((refusal) => !blocking.includes(refusal)).map(({ reason }) => reason),
      ...warningsOf(inventory, options, targets),
    ],
    ...(blocking.length > 0 ? { changes: [] } : changesOf(inventory, options, relaySha256)),
    targets,
    notRecorded: findNotRecorded(
      reached.map(({ name }) => name),
      options.mode,
      inventory.facts.runtime?.behaviour.executesLoopback === true,
    ),
    ...(pathSetting ? { pathSetting } : {}),
    otherModes: MODES.filter((mode) => mode !== options.mode).map((mode) => ({
      mode,
      refusals: refusalsOf(mode, inventory, { ...options, force: false }),
    })),
  }
}

function changesOf(inventory: Inventory, options: InstallOptions, relaySha256: string): Pick<Plan, "changes" | "edit"> {
  if (options.mode === "observe") return { changes: observerChanges(inventory, options) }
  if (options.mode === "path") {
    const files = inventory.pluginDirs.flatMap((pluginDir) => targetsIn(inventory, options, pluginDir))
    return {
      changes: complete(inventory, options, [
        { pluginDir: inventory.shim, before: shimSteps(inventory.shim, files, relaySha256) },
      ]),
    }
  }
  if (options.mode === "swap") {
    const parts = inventory.pluginDirs.flatMap((pluginDir) => {
      const names = targetsIn(inventory, options, pluginDir).map(({ name }) => name)
      return names.length > 0 ? [{ pluginDir, before: swapSteps(pluginDir, names, relaySha256) }] : []
    })
    return { changes: complete(inventory, options, parts) }
  }
  const pluginDir = probeDirOf(inventory)
  const list = inventory.activeList
  const steps = pluginDir && list && chainSteps(pluginDir, list, attributesFrom(pluginDir), relaySha256)
  if (!steps || "error" in steps) return { changes: [] }
  return {
    changes: complete(inventory, options, [{ pluginDir, before: steps.probes, after: steps.edit }]),
    ...(steps.edited === undefined ? {} : { edit: { path: list.path, before: list.text, after: steps.edited } }),
  }
}

/** Only the options of a running observer can be new: then it is started again. */
function observerChanges({ facts, observer, outputs }: Inventory, options: InstallOptions): DirectoryChange[] {
  const { journal, layout, isRunning } = observer
  const last = journal?.isDone && !journal.isRetired ? journal.installs.at(-1) : undefined
  const isSame =
    last && settingsText(last.settings) === settingsText(options.settings) && `${last.plugins}` === `${options.plugins}`
  const steps: InstallStep[] = [
    ...outputs.missing.map((path) => ({ kind: "mkdir", path, mode: 0o700 }) as const),
    ...(isRunning && isSame ? [] : [{ kind: "observe", args: nodeFlags(facts) } as const]),
  ]
  return steps.length > 0 ? [{ binDir: layout.binDir, steps }] : []
}

/** The flags with which another process finds the same node. */
function nodeFlags({ root, binDirs, confDir }: NodeFacts): string[] {
  return [
    ...["--root", root],
    ...(binDirs.from === "--bin-dir" ? ["--bin-dir", binDirs.value.join(",")] : []),
    ...(confDir.from === "--conf-dir" ? ["--conf-dir", confDir.value] : []),
  ]
}

/** Its plugins are recorded only if they are the same files. */
function otherRuntime(runtime: Runtime): string {
  const { pid, confDir, binDirs } = runtime
  const process = pid === undefined ? "" : ` (process ${pid})`
  return `${runtimeLabel(runtime)}${process} runs too, with networks in ${confDir.value} and plugins in ${binDirs.value.join(", ")}; this plan is not for it`
}

type DirectorySteps = { pluginDir: PluginDir; before: InstallStep[]; after?: InstallStep[] }

/**
 * Adds the steps that every mode needs. The settings are written after the preflight, so that the preflight calls are
 * not recorded, and before a list names the probes, so that no call is missing.
 */
function complete(
  { outputs }: Inventory,
  { settings }: InstallOptions,
  parts: readonly DirectorySteps[],
): DirectoryChange[] {
  let missing = outputs.missing
  return parts.flatMap(({ pluginDir, before, after = [] }) => {
    const directories = missing.map((path): InstallStep => ({ kind: "mkdir", path, mode: 0o700 }))
    const steps = [...directories, ...before, ...settingsSteps(pluginDir, settingsText(settings)), ...after]
    if (steps.length === 0) return []
    missing = []
    return [{ binDir: pluginDir.layout.binDir, steps: [...homeSteps(pluginDir), ...steps] }]
  })
}

function settingsSteps({ layout, settings }: PluginDir, newText: string): InstallStep[] {
  if (settings === newText) return []
  const staged = stagedSettings(layout)
  return [
    { kind: "write", path: staged, text: newText, mode: 0o644 },
    { kind: "rename", from: staged, path: layout.settings, undo: { kind: "remove" } },
  ]
}

/** The probes get owner, mode and label of a plugin that the runtime may execute. */
function attributesFrom({ plugins }: PluginDir): string | undefined {
  return plugins.find(({ name, kind }) => kind === "file" && !PROBES.some((probe) => probe === name))?.path
}

function warningsOf({ facts }: Inventory, { mode, shimDir }: InstallOptions, targets: readonly Target[]): string[] {
  const recorded = new Set(targets.flatMap(({ name, reason }) => (reason === undefined ? [name] : [])))
  const overwritten = facts.agents.flatMap(({ name, plugins, onSwap, onListEdit, behaviour }) => {
    const hit = plugins.filter((plugin) => recorded.has(plugin))
    if (mode === "swap" && onSwap === "overwrites-at-start" && hit.length > 0)
      return [`${name} will overwrite the relay of ${hit.join(", ")}, which ends their recording: ${behaviour}`]
    return mode === "chain" && onListEdit === "overwrites-at-start"
      ? [`${name} will overwrite the probes: ${behaviour}`]
      : []
  })
  const broken = targets.flatMap(({ name, reason, broken: why }) =>
    why === undefined || reason !== undefined
      ? []
      : [
          `${name} cannot run on this node: ${why}; its calls fail ${mode === "observe" ? "and are not recorded, because no program runs" : "with and without the relay, and are recorded"}`,
        ],
  )
  // The kernel passes the executed path to the interpreter, and a relay cannot change that.
  const scripts = targets.flatMap(({ name, path, reason, isScript }) => {
    if (!isScript || path === undefined || reason !== undefined) return []
    const own = join(layoutOf(mode === "path" ? shimDir : dirname(path)).real, name)
    return [`${name} is a script and will see ${own} as $0; exclude it with --plugins if it reads files next to itself`]
  })
  const side = mode === "chain" && facts.networks.find(({ isActive, sideFiles }) => isActive && sideFiles.length > 0)
  const { caveat } = facts.platform
  const others = facts.runtimes.filter(
    (runtime) => runtime !== facts.runtime && runtime.isRunning && runtime.off === undefined,
  )
  return [
    ...(caveat === undefined ? [] : [caveat]),
    ...others.map(otherRuntime),
    ...overwritten,
    ...broken,
    ...scripts,
    ...(side ? [`cni_post will not be last: the plugins of ${side.sideFiles.join(", ")} follow it`] : []),
  ]
}
