import { join, relative } from "node:path"
import { askVersion, type VersionReply } from "../install/apply/version-command.ts"
import type { Network, NodeFacts, Plugin } from "../install/detect/node-facts.ts"
import type { NodeFiles } from "../install/detect/node-files.ts"
import { nodeDisk } from "../install/disk/disk.ts"
import { Ledger } from "../model/ledger/ledger.ts"
import { type LedgerRow, type Reservation, reconcile } from "../model/ledger/node-ledger.ts"
import { DEFAULT_DATA_DIR, readReservations } from "../store/node/host-local.ts"
import { DEFAULT_CACHE_DIR, readCache } from "../store/node/libcni-cache.ts"
import { netnsState } from "../store/node/netns.ts"
import { type Kernel, readKernel } from "./kernel.ts"

/** A directory that the node does not have; readers take it for an empty one. */
const NOWHERE = "/dev/null/nowhere"

/** Everything that the rules look at. Paths are the node's own. */
export type NodeSnapshot = {
  facts: NodeFacts
  files: NodeFiles
  kernel: Kernel
  /** networks that the runtime works with */
  active: Network[]
  /** plugins that those lead to */
  executed: Plugin[]
  /** by path; empty where no plugin was to be run */
  versions: Map<string, VersionReply>
  /** the address stores of host-local: directory of each network, and who holds what */
  dataDirs: string[]
  reservations: Reservation[]
  /** directories that something of cnitap may be in */
  homes: readonly string[]
  /** what is cached or reserved for nobody, or cannot be read */
  leftovers: LedgerRow[]
  nowMs: number
}

export type CheckOptions = {
  files: NodeFiles
  /** runs VERSION of every plugin in use */
  mayExecute: boolean
  /** the plugin directories unless it is given */
  homes?: readonly string[]
  nowMs: number
  /** called before each plugin is run, for progress */
  onAsk?(plugin: string, at: number, count: number): void
}

export async function readNodeSnapshot(facts: NodeFacts, options: CheckOptions): Promise<NodeSnapshot> {
  const { files } = options
  const active = facts.networks.filter(({ isActive }) => isActive)
  const used = new Set(active.map(({ file }) => file))
  const executed = facts.plugins.filter(({ networks }) => networks.some((file) => used.has(file)))
  const dataDirs = [...new Set([DEFAULT_DATA_DIR, ...facts.networks.flatMap(dataDirsOf)])]
  const stores = await Promise.all(dataDirs.map((path) => readReservations(files.host(path) ?? NOWHERE)))
  const cached = await readCache(files.host(DEFAULT_CACHE_DIR) ?? NOWHERE)
  const ofNode = (path: string) => `/${relative(facts.root, path)}`
  const reservations = stores.flat().map((it) => ({ ...it, path: ofNode(it.path) }))
  const leftovers = reconcile(new Ledger(), {
    node: "",
    reservations,
    cached: cached.map((it) => ({ ...it, path: ofNode(it.path) })),
    netns: (path) => netnsState(files.host(path) ?? join(facts.root, path)),
  })
  return {
    facts,
    files,
    kernel: readKernel(files),
    active,
    executed,
    versions: options.mayExecute ? askAll(files, executed, options.onAsk) : new Map(),
    dataDirs,
    reservations,
    homes: options.homes ?? facts.binDirs.value,
    leftovers: leftovers.filter(({ state }) => state !== "up"),
    nowMs: options.nowMs,
  }
}

/** host-local's `dataDir`, wherever an IPAM section of the list stands. */
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

function askAll(files: NodeFiles, plugins: readonly Plugin[], onAsk: CheckOptions["onAsk"]): Map<string, VersionReply> {
  const disk = nodeDisk(files.root, files.run)
  // Whoever may write to a plugin would have us run what they like, as root.
  const sound = plugins.flatMap(({ path, isExecutable }) =>
    path !== undefined && isExecutable && ((files.stat(path)?.mode ?? 0o002) & 0o002) === 0 ? [path] : [],
  )
  return new Map(
    sound.map((path, at) => {
      onAsk?.(path, at, sound.length)
      return [path, askVersion(disk, path)]
    }),
  )
}
