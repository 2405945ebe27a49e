import { basename, dirname, join } from "node:path"
import type { PluginDirLayout } from "../disk/layout.ts"
import type { PluginDir, PluginFile } from "../disk/plugin-dir.ts"
import type { InstallStep } from "./step.ts"

/**
 * The steps that replace these plugins with the relay, from any state of the directory. Nothing is visible to runtimes
 * before the renames, which follow the preflight of every relay; a plugin's path always leads to a complete executable.
 */
export function swapSteps(pluginDir: PluginDir, names: readonly string[], relaySha256: string): InstallStep[] {
  const { layout, plugins } = pluginDir
  const files = new Map(plugins.map((plugin) => [plugin.name, plugin]))
  const requested = names.flatMap((name) => files.get(name) ?? [])
  const missing = requested.filter((plugin) => !isInstalled(plugin))
  const stale = requested.filter((plugin) => isInstalled(plugin) && plugin.relaySha256 !== relaySha256)
  if (missing.length === 0 && stale.length === 0) return []
  const relayed = new Set([...plugins.filter(isInstalled), ...missing].map(({ name }) => name))
  return [
    ...missing.flatMap((plugin) => saveSteps(layout, plugin, originalTarget(layout, plugin.target, files, relayed))),
    ...plugins.filter(isInstalled).flatMap((plugin) => repointSteps(layout, plugin, files, relayed)),
    // The plugin is still in its place: one that depends on it ($ORIGIN, files beside it) replies as it does for a pod.
    ...missing.flatMap((plugin) => stageSteps(layout, plugin, relaySha256, join(layout.binDir, plugin.name))),
    ...stale.flatMap((plugin) => stageSteps(layout, plugin, relaySha256, join(layout.real, plugin.name))),
    ...[...missing, ...stale].map((plugin) => placeStep(layout, plugin.name, relaySha256)),
  ]
}

/** The relay is in place and its original is saved. */
export function isInstalled({ relaySha256, hasOriginal }: PluginFile): boolean {
  return relaySha256 !== undefined && hasOriginal
}

/** The steps that create the directories of `.cnitap` and remove what an interrupted install left. */
export function homeSteps({ layout, home, trialHome, leftovers }: PluginDir): InstallStep[] {
  const missing = [
    ...[layout.real, layout.links, layout.stage].filter((path) => !home.includes(basename(path))),
    ...(trialHome === "missing" ? [layout.trialHome] : []),
  ]
  return [
    ...leftovers.map((path): InstallStep => ({ kind: "remove", path })),
    ...missing.map((path): InstallStep => ({ kind: "mkdir", path, mode: 0o755 })),
    ...(trialHome === "complete"
      ? []
      : [{ kind: "symlink", target: "../../real", path: join(layout.trialHome, "real") } as const]),
  ]
}

function saveSteps(
  { real, links, stage }: PluginDirLayout,
  { name, path, kind, hasOriginal, hasLink, isSaved }: PluginFile,
  target: string | undefined,
): InstallStep[] {
  const [original, link, staged] = [join(real, name), join(links, name), join(stage, name)]
  const save = (as: string): InstallStep =>
    kind === "link" && target !== undefined
      ? { kind: "symlink", target, path: as }
      : { kind: "link", from: path, path: as }
  return [
    ...(hasLink ? [{ kind: "remove", path: link } as const] : []),
    ...(kind === "link" ? [{ kind: "link", from: path, path: link } as const] : []),
    // If an agent has replaced the plugin, the saved original is outdated. Replace it atomically, because calls in
    // flight use it.
    ...(isSaved ? [] : hasOriginal ? [save(staged), replaceStep(staged, original)] : [save(original)]),
  ]
}

function replaceStep(staged: string, original: string): InstallStep {
  return { kind: "rename", from: staged, path: original, undo: { kind: "keep" } }
}

/** A symlink in real/ must not lead to a plugin that becomes a relay: that relay would execute itself. */
function repointSteps(
  layout: PluginDirLayout,
  { name, originalTarget: before }: PluginFile,
  files: ReadonlyMap<string, PluginFile>,
  relayed: ReadonlySet<string>,
): InstallStep[] {
  const target = originalTarget(layout, before, files, relayed)
  if (before === undefined || target === undefined || target === before) return []
  const [staged, original] = [join(layout.stage, name), join(layout.real, name)]
  return [
    { kind: "symlink", target, path: staged },
    { kind: "rename", from: staged, path: original, undo: { kind: "repoint", target: before } },
  ]
}

/** The target for a symlink's copy in real/, skipping every relay on the way. */
function originalTarget(
  { binDir, real }: PluginDirLayout,
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

/** `original`: the plugin where it replies as it does without the relay. */
export function stageSteps(
  { binDir, real, stage }: PluginDirLayout,
  { name, broken }: Pick<PluginFile, "name" | "broken">,
  sha256: string,
  original: string,
): InstallStep[] {
  const [path, argv0] = [join(stage, name), join(binDir, name)]
  return [
    { kind: "write", path, relay: { sha256, like: join(real, name) } },
    { kind: "verify", plugin: name, relay: path, original, argv0, ...(broken === undefined ? {} : { broken }) },
  ]
}

function placeStep({ binDir, real, stage }: PluginDirLayout, name: string, relaySha256: string): InstallStep {
  return {
    kind: "rename",
    from: join(stage, name),
    path: join(binDir, name),
    undo: { kind: "restore", plugin: name, original: join(real, name), relaySha256 },
  }
}
