import { existsSync } from "node:fs"
import { join } from "node:path"
import { Fault } from "../../src/fault/fault.ts"
import type { PodConfig } from "./cri.ts"

/** A version of a container runtime that tests can start. */
export type RuntimeVersion<R extends Runtime = Runtime> = {
  /** for the titles of tests */
  name: string
  /** whether it asks the plugins of every list for their VERSION when it starts */
  checksVersions?: true
  /** Starts it with its state below `root`. */
  start(root: string, dirs: PluginDirs): Promise<R>
}

/** `spareBinDir`: does not exist; runtimes that take a list of directories search it after `binDir`. */
export type PluginDirs = { binDir: string; spareBinDir: string; confDir: string }

/** A private container runtime. `stop` removes its pods, processes and cgroups; the caller removes `root`. */
export type Runtime = {
  /** a process in its mount and network namespace */
  pid: number
  /** what the plugins see as /var/lib: `cni/networks` of host-local and `cni/results` of libcni are in it */
  stateDir: string
  /** cgroup for the pods; `stop` removes it */
  cgroupParent: string
  /** Returns what plugins get as the container ID. */
  runPod(pod: PodConfig, timeoutMs?: number): Promise<string>
  /** Ends the pod's processes and deletes its attachments. */
  stopPod(id: string): Promise<void>
  removePod(id: string): Promise<void>
  /** all addresses of the pod, the first one first */
  addressesOf(id: string): Promise<string[]>
  stop(): Promise<void>
}

/** The directory of programs that scripts/fetch/fetch-runtimes.sh has unpacked. */
export function fetched(name: string, directory: string): string {
  const path = join(import.meta.dirname, "../../build/runtimes", name, directory)
  if (existsSync(path)) return path
  throw new Fault("NOT_FOUND", `${path} is missing`, "Fetch what tests need with npm run setup.")
}
