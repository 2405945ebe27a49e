import { dirname, join } from "node:path"
import type { Work } from "../apply/apply.ts"
import type { PathSetting } from "../detect/runtimes/runtime.ts"
import { layoutOf, PROBES, stagedSettings } from "../disk/layout.ts"
import type { PluginDir } from "../disk/plugin-dir.ts"
import { chainSteps } from "./chain-steps.ts"
import { type InstallOptions, MODES, type Mode, settingsText } from "./install-options.ts"
import type { Inventory } from "./inventory.ts"
import { findNotRecorded, type NotRecorded } from "./not-recorded.ts"
import { shimSteps } from "./path-steps.ts"
import { probeDirOf, type Refusal, refusalsOf } from "./refusal.ts"
import type { Step } from "./step.ts"
import { homeSteps, swapSteps } from "./swap-steps.ts"
import { activePlugins, type Target, targetsIn, targetsOf } from "./targets.ts"

/** What an install would do, all of it, before any of it is done. */
export type Plan = {
  wish: InstallOptions
  /** why it is not done; empty: it can be */
  refusals: Refusal[]
  /** what `--force` passes over, and what agents will do to it */
  warnings: string[]
  /** by plugin directory; none where everything is as it should be already */
  works: Work[]
  targets: Target[]
  blind: NotRecorded[]
  /** chain mode: the network configuration before and after, Latin-1 */
  edit?: { path: string; before: string; after: string }
  /** path mode: what the operator has to set; undefined: no runtime was found */
  setting?: PathSetting
  /** why the other modes would be refused here */
  others: { mode: Mode; refusals: Refusal[] }[]
}

/** Pure: the same node and the same wish always give the same plan. */
export function planInstall(survey: Inventory, wish: InstallOptions, relaySha256: string): Plan {
  const refusals = refusalsOf(wish.mode, survey, wish)
  const standing = refusals.filter(({ isForceable }) => !(isForceable && wish.force))
  const targets = wish.mode === "chain" ? [] : targetsOf(survey, wish)
  const setting = wish.mode === "path" ? survey.facts.runtime?.pathSetting : undefined
  const seen = wish.mode === "chain" ? activePlugins(survey.facts) : targets
  return {
    wish,
    refusals: standing,
    warnings: [
      ...refusals.filter((refusal) => !standing.includes(refusal)).map(({ why }) => why),
      ...warningsOf(survey, wish, targets),
    ],
    ...(standing.length > 0 ? { works: [] } : worksOf(survey, wish, relaySha256)),
    targets,
    blind: findNotRecorded(
      seen.map(({ name }) => name),
      wish.mode,
    ),
    ...(setting ? { setting } : {}),
    others: MODES.filter((mode) => mode !== wish.mode).map((mode) => ({
      mode,
      refusals: refusalsOf(mode, survey, { ...wish, force: false }),
    })),
  }
}

function worksOf(survey: Inventory, wish: InstallOptions, relaySha256: string): Pick<Plan, "works" | "edit"> {
  if (wish.mode === "path") {
    const wanted = survey.sites.flatMap((site) => targetsIn(survey, wish, site))
    return {
      works: complete(survey, wish, [{ site: survey.shim, before: shimSteps(survey.shim, wanted, relaySha256) }]),
    }
  }
  if (wish.mode === "swap") {
    const parts = survey.sites.flatMap((site) => {
      const names = targetsIn(survey, wish, site).map(({ name }) => name)
      return names.length > 0 ? [{ site, before: swapSteps(site, names, relaySha256) }] : []
    })
    return { works: complete(survey, wish, parts) }
  }
  const site = probeDirOf(survey)
  const list = survey.activeList
  const steps = site && list && chainSteps(site, list, attributesFrom(site), relaySha256)
  if (!steps || "error" in steps) return { works: [] }
  return {
    works: complete(survey, wish, [{ site, before: steps.probes, after: steps.edit }]),
    ...(steps.edited === undefined ? {} : { edit: { path: list.path, before: list.text, after: steps.edited } }),
  }
}

type Part = { site: PluginDir; before: Step[]; after?: Step[] }

/**
 * Adds what every mode needs. The settings come when the relays have been tried, so that no trial is in the capture,
 * and before a list names the probes, so that no call is missing from it.
 */
function complete({ outputs }: Inventory, { settings }: InstallOptions, parts: readonly Part[]): Work[] {
  let missing = outputs.missing
  return parts.flatMap(({ site, before, after = [] }) => {
    const directories = missing.map((path): Step => ({ kind: "mkdir", path, mode: 0o700 }))
    const steps = [...directories, ...before, ...settingsSteps(site, settingsText(settings)), ...after]
    if (steps.length === 0) return []
    missing = []
    return [{ binDir: site.layout.binDir, steps: [...homeSteps(site), ...steps] }]
  })
}

function settingsSteps({ layout, settings }: PluginDir, wanted: string): Step[] {
  if (settings === wanted) return []
  const staged = stagedSettings(layout)
  return [
    { kind: "write", path: staged, text: wanted, mode: 0o644 },
    { kind: "rename", from: staged, path: layout.settings, undo: { kind: "remove" } },
  ]
}

/** The probes get the owner, mode and label of a plugin that the runtime may execute. */
function attributesFrom({ plugins }: PluginDir): string | undefined {
  return plugins.find(({ name, kind }) => kind === "file" && !PROBES.some((probe) => probe === name))?.path
}

function warningsOf({ facts }: Inventory, { mode, shimDir }: InstallOptions, targets: readonly Target[]): string[] {
  const recorded = new Set(targets.flatMap(({ name, why }) => (why === undefined ? [name] : [])))
  const losses = facts.agents.flatMap(({ name, plugins, onSwap, onListEdit, does }) => {
    const hit = plugins.filter((plugin) => recorded.has(plugin))
    if (mode === "swap" && onSwap === "lost" && hit.length > 0)
      return [`${name} will overwrite the relay of ${hit.join(", ")}, where recording ends: ${does}`]
    return mode === "chain" && onListEdit === "lost" ? [`${name} will overwrite our entries: ${does}`] : []
  })
  // The kernel hands an interpreter the path that was executed; no relay can hand it another.
  const scripts = targets.flatMap(({ name, path, why, isScript }) => {
    if (!isScript || path === undefined || why !== undefined) return []
    const own = join(layoutOf(mode === "path" ? shimDir : dirname(path)).real, name)
    return [
      `${name} is a script and will see ${own} as $0: leave it out with --plugins if it looks for files beside it`,
    ]
  })
  const side = mode === "chain" && facts.networks.find(({ isActive, sideFiles }) => isActive && sideFiles.length > 0)
  const { mind } = facts.platform
  return [
    ...(mind === undefined ? [] : [mind]),
    ...losses,
    ...scripts,
    ...(side ? [`cni_post is not the last: plugins of ${side.sideFiles.join(", ")} follow it`] : []),
  ]
}
