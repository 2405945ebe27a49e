import type { LibcniVersion } from "../../../cni/libcni.ts"
import type { Chosen } from "../node-facts.ts"
import type { NodeFiles } from "../node-files.ts"
import type { PlatformName } from "../platforms/known-platforms.ts"
import type { NodeProcess } from "../read-processes.ts"

/**
 * Finds the instances of one container runtime. Adding a runtime takes a file with a detector, and an entry in the
 * list of find-runtimes.ts.
 */
export type RuntimeDetector = {
  /** for people: everything that the rest of cnitap decides by is in `RuntimeBehaviour` */
  name: string
  find(files: NodeFiles, processes: readonly NodeProcess[], platform: PlatformName): Runtime[]
}

export type Runtime = {
  name: string
  /** as the executable or the package database reports it: "1.7.24", "2.1.0-rc.1" */
  version?: string
  /** what shows that it is installed */
  evidence: string[]
  isRunning: boolean
  /** of the running daemon */
  pid?: number
  /** the configured CRI socket; podman has none */
  socket?: string
  /** the main configuration file, if it exists */
  configFile?: string
  /** file and reason: a configuration that the runtime does not start with */
  broken?: string
  /** file and key that disable CNI; such a runtime is not considered any further */
  off?: string
  confDir: Chosen<string>
  binDirs: Chosen<string[]>
  behaviour: RuntimeBehaviour
  /** path mode: what the operator sets so that a directory of ours comes first */
  pathSetting: PathSetting
}

/** What a runtime does with network configurations. */
export type RuntimeBehaviour = {
  /** undefined: not known for this version of the runtime */
  libcni?: LibcniVersion
  /** a release of this runtime with a newer libcni, for remedies */
  newerLibcniIn?: string
  selection: NetworkSelection
  /** reads `.conf` and `.json` too, not only `.conflist` */
  readsSinglePlugins: boolean
  /** runs VERSION of each plugin of a list, and skips a list with a plugin it cannot run */
  requiresPlugins: boolean
  /** `per-command`: no daemon; each command reads the directory */
  configReload: "watch" | "poll" | "per-command"
  /** executes the plugin `loopback` for every pod, without a configuration file */
  executesLoopback: boolean
  /** creates its default network if there is none */
  createsDefaultNetwork: boolean
}

/** How a runtime chooses among the files of the configuration directory, in lexical order. */
export type NetworkSelection =
  /** the first `count` files (0: all); if one of them is broken, the runtime has no network at all */
  | { by: "first-files"; count: number }
  | { by: "first-valid" }
  /** the list with this name, or none; `key`: the setting that holds the name */
  | { by: "name"; name: string; key: string }
  /** containers name their networks, so every valid one may be used */
  | { by: "container"; defaultName: string }

/** Assumed where no runtime was found: what containerd does, by far the most common one. */
export const DEFAULT_BEHAVIOUR: RuntimeBehaviour = {
  selection: { by: "first-files", count: 1 },
  readsSinglePlugins: true,
  requiresPlugins: false,
  configReload: "watch",
  executesLoopback: false,
  createsDefaultNetwork: false,
}

/**
 * `value`: the current value, or the default that it replaces. `kind`: `single`, a key with one directory (containerd
 * before 2.1), which cannot hold another one; `flag`, a comma-separated list on a command line. `restart`: the command
 * that applies it. `note`: what else to consider: a program that rewrites the file, another key that must be removed.
 */
export type PathSetting = {
  file: string
  key: string
  value: string[]
  kind: "list" | "single" | "flag"
  restart: string
  note?: string
}

/** The runtime with its version: "containerd 1.7.24". */
export function runtimeLabel({ name, version }: Runtime): string {
  return version === undefined ? name : `${name} ${version}`
}
