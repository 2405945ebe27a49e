import type { PluginObject } from "../plan/reach.ts"
import type { Agent } from "./known-agents.ts"
import type { PlatformName } from "./known-platforms.ts"
import type { Runtime } from "./runtimes/runtime.ts"

/**
 * What is known of a node before anything is done to it. Every path is the node's own; where the node is mounted
 * elsewhere, `root` goes before it.
 */
export type NodeFacts = {
  /** "/", or where the node's file system is mounted */
  root: string
  /** whose configuration decides; undefined: none was found, and the defaults or the options do */
  runtime: Runtime | undefined
  /** every runtime that was found, the deciding one first */
  runtimes: Runtime[]
  /** `mind`: what to mind there, whatever the mode */
  platform: { name: PlatformName; evidence: string[]; mind?: string }
  confDir: Chosen<string>
  /** in the order in which the runtime looks; a directory need not be there */
  binDirs: Chosen<string[]>
  /** every network configuration that the runtime considers, in its order */
  networks: Network[]
  /** every plugin that a network executes, IPAM and delegates too; each name once, the active network's first */
  plugins: Plugin[]
  agents: Agent[]
  /** the mounts that the configuration directory and each plugin directory lie on */
  mounts: Mount[]
  selinux: SeLinux
}

/** A value and where it comes from, for people: a file and its key, a platform, an option. */
export type Chosen<T> = { value: T; from: string }

export type Network = {
  file: string
  format: "conf" | "conflist" | "json"
  name?: string
  /** the one that libcni works with: the highest of `cniVersions` that is released, else `cniVersion` */
  cniVersion?: string
  cniVersions?: string[]
  /** the objects of the list, then those of its side directory */
  plugins: NetworkPlugin[]
  /** files of `<confDir>/<name>/`, which libcni 1.3 adds to a list without loadOnlyInlinedPlugins */
  sideFiles: string[]
  disableCheck: boolean
  loadOnlyInlinedPlugins: boolean
  /** the runtime works with it by its own rule; podman works with every one that can be loaded */
  isActive: boolean
  /** why the runtime cannot load it */
  broken?: string
}

export type NetworkPlugin = {
  type: string
  /** the file it stands in: the network's own, or one of its side directory */
  file: string
  object: PluginObject
}

export type Plugin = {
  name: string
  /** how it is reached: "the list", "IPAM of calico", "delegate of flannel" */
  via: string
  /** files of the networks that lead to it */
  networks: string[]
  /**
   * the file that libcni would execute: the first of this name in the plugin directories; undefined: missing. Multus'
   * delegates are looked for in its own directory first, which need not be one of `binDirs`.
   */
  path?: string
  kind?: "file" | "symlink"
  /** of a symlink: where it leads in the end */
  target?: string
  /** libcni does not look at the bit: such a file fails with "permission denied", and hides later ones */
  isExecutable?: boolean
  /** files of the same name in later directories, which nobody executes */
  shadows: string[]
  /** dangling symlinks and directories of this name, which libcni passes over */
  skipped: string[]
}

export type Mount = {
  /** the directory asked about */
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
  /** by path: the directories above and the active network's plugins; empty when disabled */
  labels: Record<string, string>
}
