import { join } from "node:path"
import type { PluginDir, PluginFile } from "../disk/plugin-dir.ts"
import type { Step } from "./step.ts"
import { stageSteps } from "./swap-steps.ts"

/**
 * The steps that fill a directory of relays over plugins that stay where they are. It works from the day on which the
 * operator puts it first in the runtime's plugin path.
 */
export function shimSteps(site: PluginDir, wanted: readonly PluginFile[], relaySha256: string): Step[] {
  const { layout, plugins } = site
  const shims = new Map(plugins.map((plugin) => [plugin.name, plugin]))
  const fresh = wanted.filter(({ name }) => shims.get(name)?.relaySha256 !== relaySha256)
  return [
    ...fresh.flatMap(({ name, path }): Step[] => {
      const original = join(layout.real, name)
      const hasOriginal = shims.get(name)?.hasOriginal === true
      return hasOriginal ? [] : [{ kind: "symlink", target: path, path: original }]
    }),
    ...fresh.flatMap(({ name }) => stageSteps(layout, name, relaySha256, join(layout.real, name))),
    ...fresh.map(({ name, path }): Step => {
      const undo = { kind: "forward", plugin: name, original: path, relaySha256 } as const
      return { kind: "rename", from: join(layout.stage, name), path: join(layout.binDir, name), undo }
    }),
  ]
}
