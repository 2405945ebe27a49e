import { basename, dirname, join } from "node:path"
import type { Layout } from "../disk/layout.ts"
import type { PluginDir, PluginFile } from "../disk/plugin-dir.ts"
import type { Step } from "./step.ts"

/**
 * The steps that put the relay in the place of these plugins, from whatever state the directory is in. Nobody sees
 * any of it before the renames, which come when every relay has been tried; a plugin's path always leads to a whole
 * executable.
 */
export function swapSteps(site: PluginDir, names: readonly string[], relaySha256: string): Step[] {
  const { layout, plugins } = site
  const files = new Map(plugins.map((plugin) => [plugin.name, plugin]))
  const wanted = names.flatMap((name) => files.get(name) ?? [])
  const fresh = wanted.filter((plugin) => !isInstalled(plugin))
  const stale = wanted.filter((plugin) => isInstalled(plugin) && plugin.relaySha256 !== relaySha256)
  if (fresh.length === 0 && stale.length === 0) return []
  const relayed = new Set([...plugins.filter(isInstalled), ...fresh].map(({ name }) => name))
  return [
    ...fresh.flatMap((plugin) => saveSteps(layout, plugin, originalTarget(layout, plugin.target, files, relayed))),
    ...plugins.filter(isInstalled).flatMap((plugin) => repointSteps(layout, plugin, files, relayed)),
    ...[...fresh, ...stale].flatMap((plugin) =>
      stageSteps(layout, plugin.name, relaySha256, join(layout.real, plugin.name)),
    ),
    ...[...fresh, ...stale].map((plugin) => placeStep(layout, plugin.name, relaySha256)),
  ]
}

/** The relay stands there and the original is with us. */
export function isInstalled({ relaySha256, hasOriginal }: PluginFile): boolean {
  return relaySha256 !== undefined && hasOriginal
}

/** What every install needs before its own steps. */
export function homeSteps({ layout, home, door, leftovers }: PluginDir): Step[] {
  const missing = [
    ...[layout.real, layout.links, layout.stage].filter((path) => !home.includes(basename(path))),
    ...(door === "missing" ? [layout.door] : []),
  ]
  return [
    ...leftovers.map((path): Step => ({ kind: "remove", path })),
    ...missing.map((path): Step => ({ kind: "mkdir", path, mode: 0o755 })),
    ...(door === "whole" ? [] : [{ kind: "symlink", target: "../../real", path: join(layout.door, "real") } as const]),
  ]
}

function saveSteps(
  { real, links, stage }: Layout,
  { name, path, kind, hasOriginal, hasLink, isSaved }: PluginFile,
  target: string | undefined,
): Step[] {
  const [original, link, staged] = [join(real, name), join(links, name), join(stage, name)]
  const save = (as: string): Step =>
    kind === "link" && target !== undefined
      ? { kind: "symlink", target, path: as }
      : { kind: "link", from: path, path: as }
  return [
    ...(hasLink ? [{ kind: "remove", path: link } as const] : []),
    ...(kind === "link" ? [{ kind: "link", from: path, path: link } as const] : []),
    // What an agent has replaced since is no longer the plugin; calls that lead there meanwhile must find one of the two.
    ...(isSaved ? [] : hasOriginal ? [save(staged), replaceStep(staged, original)] : [save(original)]),
  ]
}

function replaceStep(staged: string, original: string): Step {
  return { kind: "rename", from: staged, path: original, undo: { kind: "keep" } }
}

/** A symlink in real/ must not lead to a plugin that is about to become a relay: the relay would find itself. */
function repointSteps(
  layout: Layout,
  { name, originalTarget: before }: PluginFile,
  files: ReadonlyMap<string, PluginFile>,
  relayed: ReadonlySet<string>,
): Step[] {
  const target = originalTarget(layout, before, files, relayed)
  if (before === undefined || target === undefined || target === before) return []
  const [staged, original] = [join(layout.stage, name), join(layout.real, name)]
  return [
    { kind: "symlink", target, path: staged },
    { kind: "rename", from: staged, path: original, undo: { kind: "repoint", target: before } },
  ]
}

/** Where a symlink's copy in real/ must lead: past every relay on the way. */
function originalTarget(
  { binDir, real }: Layout,
  target: string | undefined,
  files: ReadonlyMap<string, PluginFile>,
  relayed: ReadonlySet<string>,
): string | undefined {
  let here = target
  for (let hop = 0; here !== undefined && dirname(here) === binDir && hop < 40; hop++) {
    const name = basename(here)
    if (relayed.has(name)) return join(real, name)
    here = files.get(name)?.target
  }
  return target
}

export function stageSteps({ binDir, stage }: Layout, name: string, sha256: string, original: string): Step[] {
  const [path, argv0] = [join(stage, name), join(binDir, name)]
  return [
    { kind: "write", path, relay: { sha256, like: original } },
    { kind: "verify", plugin: name, relay: path, original, argv0 },
  ]
}

function placeStep({ binDir, real, stage }: Layout, name: string, relaySha256: string): Step {
  return {
    kind: "rename",
    from: join(stage, name),
    path: join(binDir, name),
    undo: { kind: "restore", plugin: name, original: join(real, name), relaySha256 },
  }
}
