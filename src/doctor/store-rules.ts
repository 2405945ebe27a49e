import { statfsSync } from "node:fs"
import { dirname, join } from "node:path"
import { LIBCNI } from "../cni/libcni.ts"
import { findMounts } from "../install/detect/find-mounts.ts"
import { removeCommand } from "../model/ledger/left-behind.ts"
import type { LedgerRow } from "../model/ledger/node-ledger.ts"
import { DEFAULT_CACHE_DIR } from "../store/node/libcni-cache.ts"
import { addressPools } from "./address-pool.ts"
import type { NodeHit, NodeRule } from "./node-finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"

/** During ADD a pod has its address before its result is cached; the kubelet gives up after this time. */
const ADD_TIMEOUT_MS = 4 * 60_000
const NEARLY_FULL = 0.9
const LOW_BYTES = 64 * 2 ** 20
const LOW_INODES = 1000

export const STORE_RULES: NodeRule[] = [
  {
    id: "result-cache-broken",
    severity: "error",
    title: "a cached result cannot be read",
    check: (node) =>
      node.leftovers
        .filter(({ state }) => state === "broken")
        .map(({ files: [path = ""], reason }) => ({
          detail: `${path}: ${reason}`,
          evidence: [path],
          remedy: removeCommand([path]),
          ...(toleratesBrokenCache(node) ? { severity: "warning" as const } : {}),
        })),
  },
  {
    id: "attachment-leaked",
    severity: "warning",
    title: "state is left for a network namespace that no longer exists",
    check: (node) => leftoverHits(node, "leaked", "for network namespaces that no longer exist"),
  },
  {
    id: "reservation-orphan",
    severity: "warning",
    title: "addresses are reserved for containers without a cached result",
    check: (node) => leftoverHits(node, "orphan", "for containers without a cached result"),
  },
  {
    id: "addresses-short",
    severity: "error",
    title: "host-local is running out of addresses",
    check: (node) =>
      addressPools(node).flatMap(({ network, ranges, capacity, reserved, directory, file }) =>
        capacity === 0 || reserved < capacity * NEARLY_FULL
          ? []
          : [
              {
                detail: `${network}: ${reserved} of ${capacity} addresses of ${ranges.join(", ")} are reserved`,
                evidence: [directory, file],
                remedy: `Release leaked addresses (cnitap ledger, rm ${directory}/<address>), or enlarge the range in ${file}.`,
                ...(reserved < capacity ? { severity: "warning" as const } : {}),
              },
            ],
      ),
  },
  {
    id: "store-unused",
    severity: "note",
    title: "host-local has addresses of a network without a list",
    check: (node) => {
      const { facts, dataDirs, files } = node
      const named = new Set(facts.networks.map(({ name }) => name))
      // The networks of Multus' delegates are Kubernetes resources, not files.
      if (facts.networks.length === 0 || facts.plugins.some(({ name }) => name.startsWith("multus"))) return []
      return dataDirs.flatMap((dataDir) =>
        files
          .list(dataDir)
          .filter((name) => !named.has(name) && files.isDirectory(join(dataDir, name)))
          .map((name) => unusedHit(node, join(dataDir, name), name)),
      )
    },
  },
  {
    id: "store-read-only",
    severity: "error",
    title: "a directory that every ADD writes to is on a read-only file system",
    check: ({ dataDirs, files }) => {
      const mounts = findMounts(files, [DEFAULT_CACHE_DIR, ...dataDirs]).filter(({ isReadOnly }) => isReadOnly)
      return [...new Set(mounts.map(({ mountPoint }) => mountPoint))].map((mountPoint) => {
        const affected = mounts.filter((mount) => mount.mountPoint === mountPoint).map(({ directory }) => directory)
        return {
          detail: `${affected.join(", ")} on ${mountPoint}, which is read-only`,
          evidence: [...affected, mountPoint],
          remedy: `Check dmesg for the cause, then run mount -o remount,rw ${mountPoint}.`,
        }
      })
    },
  },
  {
    id: "disk-full",
    severity: "error",
    title: "a file system that CNI writes to is full or nearly full",
    check: ({ dataDirs, facts, files }) => {
      const volumes = new Map<number, string[]>()
      for (const directory of new Set([DEFAULT_CACHE_DIR, ...dataDirs, facts.confDir.value])) {
        const volume = files.stat(deepestExisting(files, directory))?.dev ?? 0
        volumes.set(volume, [...(volumes.get(volume) ?? []), directory])
      }
      return [...volumes.values()].flatMap((directories) => fullHits(files, directories))
    },
  },
]

/** An address that is not left behind is in use, or too recent to decide. */
function unusedHit({ reservations, leftovers }: NodeSnapshot, directory: string, network: string): NodeHit {
  const left = new Set(leftovers.flatMap(({ files }) => files))
  const used = reservations.filter(({ path }) => dirname(path) === directory && !left.has(path))
  const ips = used.map(({ ip }) => ip)
  return {
    detail: `no list has the name ${network}${ips.length > 0 ? `, and pods use ${ips.length} of its addresses: ${ips.slice(0, 3).join(", ")}${ips.length > 3 ? ", …" : ""}` : ""}`,
    evidence: [directory],
    remedy:
      ips.length > 0
        ? "Keep it: these pods were made when the list had that name, and their DEL releases the addresses."
        : `Run rm -r ${directory} if no pod of that network is left.`,
  }
}

/** `directories` are on one file system. */
function fullHits(files: NodeSnapshot["files"], directories: string[]): NodeHit[] {
  const at = deepestExisting(files, directories[0] ?? "/")
  const host = files.host(at)
  if (host === undefined) return []
  const { bavail, bsize, ffree, files: inodes } = statfsSync(host)
  const freeBytes = bavail * bsize
  // btrfs allocates inodes on demand and reports none.
  const freeInodes = inodes === 0 ? Number.POSITIVE_INFINITY : ffree
  if (freeBytes >= LOW_BYTES && freeInodes >= LOW_INODES) return []
  const free = `${Math.floor(freeBytes / 2 ** 20)} MiB${inodes === 0 ? "" : ` and ${freeInodes} inodes`} free`
  return [
    {
      detail: `${directories.join(", ")}: ${free}`,
      evidence: directories,
      remedy: `Free some space: every ADD writes there. Check df -h ${at} and df -i ${at}.`,
      ...(freeBytes < 4096 || freeInodes === 0 ? {} : { severity: "warning" as const }),
    },
  ]
}

function leftoverHits(node: NodeSnapshot, state: LedgerRow["state"], what: string): NodeHit[] {
  const rows = node.leftovers.filter((row) => row.state === state && !isYoung(node, row))
  const byDirectory = new Map<string, LedgerRow[]>()
  for (const row of rows) {
    const directory = dirname(row.files[0] ?? "")
    byDirectory.set(directory, [...(byDirectory.get(directory) ?? []), row])
  }
  return [...byDirectory].map(([directory, entries]) => {
    const paths = entries.flatMap(({ files }) => files)
    const shown = paths.slice(0, 3)
    const ips = entries.flatMap((row) => row.ips).slice(0, 3)
    return {
      detail: `${directory} has ${entries.length} ${entries.length === 1 ? "entry" : "entries"} ${what}${ips.length > 0 ? `: ${ips.join(", ")}${entries.length > ips.length ? ", …" : ""}` : ""}`,
      evidence: paths,
      remedy: `${removeCommand(shown)}${paths.length > shown.length ? ` … (${paths.length} files; -o json lists them)` : ""}`,
    }
  })
}

function isYoung({ files: node, nowMs }: NodeSnapshot, { files }: LedgerRow): boolean {
  return files.some((path) => nowMs - (node.stat(path)?.mtimeMs ?? 0) < ADD_TIMEOUT_MS)
}

function toleratesBrokenCache({ facts: { runtime } }: NodeSnapshot): boolean {
  const libcni = runtime?.behaviour.libcni
  return libcni !== undefined && LIBCNI[libcni].toleratesBrokenCache
}

function deepestExisting(files: NodeSnapshot["files"], path: string): string {
  return files.exists(path) ? path : deepestExisting(files, dirname(path))
}
