import { findAgents } from "./detect/agents.ts"
import { findMounts } from "./detect/mounts.ts"
import { readNetworks } from "./detect/networks.ts"
import { NodeFiles } from "./detect/node-files.ts"
import { binDirsOf, confDirOf, findPlatform } from "./detect/platform.ts"
import { findPlugin, findPlugins } from "./detect/plugins.ts"
import { readProcesses } from "./detect/processes.ts"
import { findRuntimes } from "./detect/runtimes.ts"
import { findSeLinux } from "./detect/selinux.ts"
import type { NodeFacts } from "./facts.ts"
import { pluginDirsOf } from "./plugin-dirs.ts"

export type DetectOptions = {
  /** replaces what was found */
  confDir?: string
  binDirs?: readonly string[]
}

/**
 * Looks at the node that is mounted at `root`, and changes nothing. A node that is not there has facts too: no runtime,
 * no network, the directories that every runtime takes.
 */
export function detect(root: string, options: DetectOptions = {}): NodeFacts {
  const files = new NodeFiles(root)
  const processes = readProcesses(files)
  const { platform, evidence } = findPlatform(files)
  const runtimes = findRuntimes(files, processes, platform.name)
  const runtime = runtimes.find(({ off }) => off === undefined)
  const confDir = options.confDir
    ? { value: options.confDir, from: "--conf-dir" }
    : (runtime?.confDir ?? confDirOf(files, platform))
  const binDirs = options.binDirs?.length
    ? { value: [...options.binDirs], from: "--bin-dir" }
    : (runtime?.binDirs ?? binDirsOf(files, platform))
  const isThere = (plugin: string) => findPlugin(files, plugin, binDirs.value).path !== undefined
  const networks = readNetworks(files, confDir.value, runtime, isThere)
  const plugins = findPlugins(files, networks, confDir.value, binDirs.value)
  const active = new Set(networks.filter(({ isActive }) => isActive).map(({ file }) => file))
  const executed = plugins.filter(({ networks: from }) => from.some((file) => active.has(file)))
  const directories = [confDir.value, ...pluginDirsOf({ binDirs, plugins })]
  return {
    root,
    runtime,
    runtimes,
    platform: { name: platform.name, evidence, ...(platform.mind === undefined ? {} : { mind: platform.mind }) },
    confDir,
    binDirs,
    networks,
    plugins,
    agents: findAgents({ files, processes, platform: platform.name, confDir: confDir.value, networks, plugins }),
    mounts: findMounts(files, directories),
    selinux: findSeLinux(files, [...directories, ...executed.flatMap(({ path }) => path ?? [])]),
  }
}
