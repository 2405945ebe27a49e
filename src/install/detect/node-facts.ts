import type { Agent } from "./agents/known-agents.ts"
import type { Observation } from "./find-observation.ts"
import type { PlatformName } from "./platforms/known-platforms.ts"
import type { PluginObject } from "./reach.ts"
import type { Runtime } from "./runtimes/runtime.ts"

/**
 * What was detected on a node, before anything is changed. Paths are the node's; `root` must be prepended to access
 * them.
 */
export type NodeFacts = {
  /** "/", or where the node's file system is mounted */
  root: string
  /** the runtime whose configuration applies; undefined if none was found, so that defaults or options apply */
  runtime: Runtime | undefined
  /** every runtime that was found, the one in `runtime` first */
  runtimes: Runtime[]
  /** `caveat`: what applies to every mode there */
  platform: { name: PlatformName; evidence: string[]; caveat?: string }
  confDir: Chosen<string>
  /** in the search order of the runtime; directories may not exist */
  binDirs: Chosen<string[]>
  /** every network configuration that the runtime reads, in its order */
  networks: Network[]
  /**
   * every plugin that a network executes, including IPAM and delegates; unique names, those of active networks first
   */
  plugins: Plugin[]
  agents: Agent[]
  /** the mounts of the configuration directory and of each plugin directory */
  mounts: Mount[]
  selinux: SeLinux
  /** absent if the kernel is not known */
  observation?: Observation
}

/** A value and its origin, for people: a file and key, a platform, or an option. */
export type Chosen<T> = { value: T; from: string }

export type Network = {
  file: string
  format: "conf" | "conflist" | "json"
  name?: string
  /** the version that libcni uses: the highest entry of `cniVersions` that it supports, or else `cniVersion` */
  cniVersion?: string
  cniVersions?: string[]
  /** the plugins of the list, then those of its side directory */
  plugins: NetworkPlugin[]
  /** files of `<confDir>/<name>/`; libcni 1.3 adds their plugins to a list without loadOnlyInlinedPlugins */
  sideFiles: string[]
  disableCheck: boolean
  loadOnlyInlinedPlugins: boolean
  /** the runtime uses it; several can be active */
  isActive: boolean
  /** why the runtime cannot load it */
  broken?: string
}

export type NetworkPlugin = {
  type: string
  /** the file with its object: that of the network, or one of its side directory */
  file: string
  object: PluginObject
}

export type Plugin = {
  name: string
  /** how it is reached: "the list", "IPAM of calico", "delegate of flannel" */
  via: string
  /** files of the networks that reach it */
  networks: string[]
  /**
   * the file that libcni executes: the first with this name in the plugin directories; undefined if missing. Delegates
   * of Multus are searched in its own directory first, which may not be one of `binDirs`.
   */
  path?: string
  kind?: "file" | "symlink"
  /** of a symlink: its final target */
  target?: string
  /**
   * libcni ignores this bit: without it the call fails with "permission denied", even if a later directory has the
   * plugin
   */
  isExecutable?: boolean
  /** files with the same name in later directories, which are never executed */
  shadows: string[]
  /** dangling symlinks and directories with this name, which libcni skips */
  skipped: string[]
}

export type Mount = {
  /** the directory that was looked up */
  directory: string
  mountPoint: string
  fsType: string
  options: string[]
  isReadOnly: boolean
  isNoexec: boolean
  isOverlay: boolean
  isTmpfs: boolean
}

export type SeLinux = {
  mode: "enforcing" | "permissive" | "disabled"
  /** by path: the configuration and plugin directories, and the plugins of active networks; empty if disabled */
  labels: Record<string, string>
}
