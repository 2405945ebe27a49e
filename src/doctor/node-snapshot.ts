import { askVersion, type VersionReply } from "../install/apply/version-command.ts"
import type { Network, NodeFacts, Plugin } from "../install/detect/node-facts.ts"
import type { NodeFiles } from "../install/detect/node-files.ts"
import { nodePathsOf } from "../install/detect/node-paths.ts"
import { nodeDisk } from "../install/disk/disk.ts"
import { originalOf } from "../install/disk/plugin-dir.ts"
import type { RecordingGap } from "../install/status/recording-gap.ts"
import type { InstallStatus } from "../install/status/status.ts"
import { Ledger } from "../model/ledger/ledger.ts"
import { conclude, isLeftBehind } from "../model/ledger/left-behind.ts"
import type { LedgerRow, Reservation } from "../model/ledger/node-ledger.ts"
import { DEFAULT_DATA_DIR } from "../store/node/host-local.ts"
import { readNodeState } from "../store/node/node-state.ts"
import { type Kernel, readKernel } from "./kernel.ts"

/** Everything that the rules read. Paths are those of the node, without its root. */
export type NodeSnapshot = {
  facts: NodeFacts
  files: NodeFiles
  kernel: Kernel
  /** the networks that the runtime uses */
  active: Network[]
  /** the plugins that those networks execute */
  executed: Plugin[]
  /** replies to VERSION by path; empty if plugins may not be executed */
  versions: Map<string, VersionReply>
  /** the directories of host-local, and the addresses reserved in them */
  dataDirs: string[]
  reservations: Reservation[]
  /** directories where cnitap may be installed */
  installDirs: readonly string[]
  /** what is installed in them, and what of the active networks it does not record */
  installs: readonly InstallStatus[]
  gaps: readonly RecordingGap[]
  /** cached results and reservations without a pod, or unreadable */
  leftovers: LedgerRow[]
  nowMs: number
}

export type CheckOptions = {
  files: NodeFiles
  /** run VERSION of every executed plugin */
  mayExecute: boolean
  /** default: the plugin directories */
  installDirs?: readonly string[]
  /** default: nothing is installed */
  installs?: readonly InstallStatus[]
  gaps?: readonly RecordingGap[]
  nowMs: number
  /** called before each plugin runs, for progress messages */
  onExecute?(plugin: string, at: number, count: number): void
}

export async function readNodeSnapshot(facts: NodeFacts, options: CheckOptions): Promise<NodeSnapshot> {
  const { files } = options
  const active = facts.networks.filter(({ isActive }) => isActive)
  const used = new Set(active.map(({ file }) => file))
  const executed = facts.plugins.filter(({ networks }) => networks.some((file) => used.has(file)))
  const dataDirs = [...new Set([DEFAULT_DATA_DIR, ...facts.networks.flatMap(dataDirsOf)])]
  const state = await readNodeState(nodePathsOf(files), "", dataDirs)
  return {
    facts,
    files,
    kernel: readKernel(files),
    active,
    executed,
    versions: options.mayExecute ? askVersions(files, executed, options.onExecute) : new Map(),
    dataDirs,
    reservations: state.reservations,
    installDirs: options.installDirs ?? facts.binDirs.value,
    installs: options.installs ?? [],
    gaps: options.gaps ?? [],
    leftovers: conclude(new Ledger(), state).filter(isLeftBehind),
    nowMs: options.nowMs,
  }
}

/** The `dataDir` of every ipam section of the list, at any depth. */
function dataDirsOf({ plugins }: Network): string[] {
  const found: string[] = []
  const visit = (value: unknown) => {
    if (Array.isArray(value)) for (const item of value) visit(item)
    else if (typeof value === "object" && value !== null) {
      if ("dataDir" in value && typeof value.dataDir === "string" && value.dataDir.startsWith("/"))
        found.push(value.dataDir)
      for (const inner of Object.values(value)) visit(inner)
    }
  }
  for (const { object } of plugins) visit(object)
  return found
}

function askVersions(
  files: NodeFiles,
  plugins: readonly Plugin[],
  onAsk: CheckOptions["onExecute"],
): Map<string, VersionReply> {
  const disk = nodeDisk(files.root, files.run)
  // A plugin that any user can modify would run that user's code as root.
  const trusted = plugins.flatMap(({ path, isExecutable }) =>
    path !== undefined && isExecutable && ((files.stat(path)?.mode ?? 0o002) & 0o002) === 0 ? [path] : [],
  )
  return new Map(
    trusted.map((path, at) => {
      onAsk?.(path, at, trusted.length)
      // Through the relay it would be recorded as a call of the runtime.
      return [path, askVersion(disk, originalOf(disk, path), path)]
    }),
  )
}
