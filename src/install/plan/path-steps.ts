import { join } from "node:path"
import type { PluginDir, PluginFile } from "../disk/plugin-dir.ts"
import type { InstallStep } from "./step.ts"
import { stageSteps } from "./swap-steps.ts"

/**
 * The steps that fill path mode's directory with relays; the plugins themselves stay unchanged. It takes effect once
 * the operator puts the directory first in the runtime's plugin path.
 */
export function shimSteps(pluginDir: PluginDir, recorded: readonly PluginFile[], relaySha256: string): InstallStep[] {
  const { layout, plugins } = pluginDir
  const shims = new Map(plugins.map((plugin) => [plugin.name, plugin]))
  const missing = recorded.filter(({ name }) => shims.get(name)?.relaySha256 !== relaySha256)
  return [
    ...missing.flatMap(({ name, path }): InstallStep[] => {
      const original = join(layout.real, name)
      const hasOriginal = shims.get(name)?.hasOriginal === true
      return hasOriginal ? [] : [{ kind: "symlink", target: path, path: original }]
    }),
    ...missing.flatMap((plugin) => stageSteps(layout, plugin, relaySha256, plugin.path)),
    ...missing.map(({ name, path }): InstallStep => {
      const undo = { kind: "forward", plugin: name, original: path, relaySha256 } as const
      return { kind: "rename", from: join(layout.stage, name), path: join(layout.binDir, name), undo }
    }),
  ]
}
