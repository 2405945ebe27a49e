import type { RunProgram } from "../disk/run-program.ts"
import { findAgents } from "./agents/find-agents.ts"
import { findMounts } from "./find-mounts.ts"
import { findObservation } from "./find-observation.ts"
import { findPlugin, findPlugins } from "./find-plugins.ts"
import { findSeLinux } from "./find-selinux.ts"
import type { NodeFacts } from "./node-facts.ts"
import { NodeFiles } from "./node-files.ts"
import { binDirsOf, confDirOf, findPlatform } from "./platforms/find-platform.ts"
import { pluginDirsOf } from "./plugin-dirs.ts"
import { readNetworks } from "./read-networks.ts"
import { readProcesses } from "./read-processes.ts"
import { findRuntimes } from "./runtimes/find-runtimes.ts"
import { DEFAULT_BEHAVIOUR } from "./runtimes/runtime.ts"

export type DetectOptions = {
  /** overrides the detected directory */
  confDir?: string
  binDirs?: readonly string[]
}

/**
 * Detects the node that is mounted at `root`; changes nothing. An empty root has facts too: no runtime, no network, and
 * the default directories.
 */
export function detect(root: string, run: RunProgram, options: DetectOptions = {}): NodeFacts {
  const files = new NodeFiles(root, run)
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
  const isInstalled = (plugin: string) => findPlugin(files, plugin, binDirs.value).path !== undefined
  const networks = readNetworks(files, confDir.value, runtime?.behaviour ?? DEFAULT_BEHAVIOUR, isInstalled)
  const plugins = findPlugins(files, networks, confDir.value, binDirs.value)
  const active = new Set(networks.filter(({ isActive }) => isActive).map(({ file }) => file))
  const executed = plugins.filter(({ networks: from }) => from.some((file) => active.has(file)))
  const observation = findObservation(files)
  const directories = [confDir.value, ...pluginDirsOf({ binDirs, plugins })]
  return {
    root,
    runtime,
    runtimes,
    platform: { name: platform.name, evidence, ...(platform.caveat === undefined ? {} : { caveat: platform.caveat }) },
    confDir,
    binDirs,
    networks,
    plugins,
    agents: findAgents({ files, processes, platform: platform.name, confDir: confDir.value, networks, plugins }),
    mounts: findMounts(files, directories),
    selinux: findSeLinux(files, [...directories, ...executed.flatMap(({ path }) => path ?? [])]),
    ...(observation ? { observation } : {}),
  }
}
