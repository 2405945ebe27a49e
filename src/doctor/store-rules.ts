import { statfsSync } from "node:fs"
import { dirname, join } from "node:path"
import { findMounts } from "../install/detect/mounts.ts"
import { isVersionAtLeast } from "../install/detect/runtimes/version.ts"
import type { LedgerRow } from "../model/ledger/node-ledger.ts"
import { DEFAULT_CACHE_DIR } from "../store/node/libcni-cache.ts"
import { addressPools } from "./address-pool.ts"
import type { NodeHit, NodeRule } from "./node-finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"

/** A pod being made has its address before its result is cached; kubelet gives it up after this long. */
const ADD_MS = 4 * 60_000
const NEARLY_FULL = 0.9
const LOW_BYTES = 64 * 2 ** 20
const LOW_INODES = 1000

export const STORE_RULES: NodeRule[] = [
  {
    id: "result-cache-broken",
    severity: "error",
    title: "a cached result cannot be read",
    check: (patient) =>
      patient.leftovers
        .filter(({ state }) => state === "broken")
        .map(({ files: [path = ""], reason }) => ({
          detail: `${path}: ${reason}`,
          evidence: [path],
          remedy: `rm ${path}`,
          ...(toleratesBrokenCache(patient) ? { severity: "warning" as const } : {}),
        })),
  },
  {
    id: "attachment-leaked",
    severity: "warning",
    title: "something is kept for a network namespace that is no more",
    check: (patient) => leftoverHits(patient, "leaked", "kept for network namespaces that are no more"),
  },
  {
    id: "reservation-orphan",
    severity: "warning",
    title: "addresses are reserved for containers that no cache knows",
    check: (patient) => leftoverHits(patient, "orphan", "reserved for containers that no cache knows"),
  },
  {
    id: "addresses-short",
    severity: "error",
    title: "host-local has no addresses left",
    check: (patient) =>
      addressPools(patient).flatMap(({ network, ranges, capacity, reserved, directory, file }) =>
        capacity === 0 || reserved < capacity * NEARLY_FULL
          ? []
          : [
              {
                detail: `${network}: ${reserved} of ${capacity} addresses of ${ranges.join(", ")} are reserved`,
                evidence: [directory, file],
                remedy: `Free what is leaked (cnitap ledger, rm ${directory}/<address>), or widen the range in ${file}.`,
                ...(reserved < capacity ? { severity: "warning" as const } : {}),
              },
            ],
      ),
  },
  {
    id: "store-unused",
    severity: "note",
    title: "host-local keeps addresses of a network that no list has",
    check: (patient) => {
      const { facts, dataDirs, files } = patient
      const named = new Set(facts.networks.map(({ name }) => name))
      // The networks of Multus' delegates stand in the cluster, not in files.
      if (facts.networks.length === 0 || facts.plugins.some(({ name }) => name.startsWith("multus"))) return []
      return dataDirs.flatMap((dataDir) =>
        files
          .list(dataDir)
          .filter((name) => !named.has(name) && files.isDirectory(join(dataDir, name)))
          .map((name) => ({
            detail: `no list is named ${name}`,
            evidence: [join(dataDir, name)],
            remedy: `rm -r ${join(dataDir, name)}, if no pod of that network is left`,
          })),
      )
    },
  },
  {
    id: "store-read-only",
    severity: "error",
    title: "what every ADD writes to is on a read-only file system",
    check: ({ dataDirs, files }) => {
      const mounts = findMounts(files, [DEFAULT_CACHE_DIR, ...dataDirs]).filter(({ isReadOnly }) => isReadOnly)
      return [...new Set(mounts.map(({ mountPoint }) => mountPoint))].map((mountPoint) => {
        const on = mounts.filter((mount) => mount.mountPoint === mountPoint).map(({ directory }) => directory)
        return {
          detail: `${on.join(", ")}: on ${mountPoint}, which is read-only`,
          evidence: [...on, mountPoint],
          remedy: `mount -o remount,rw ${mountPoint}; look into dmesg for why it became so`,
        }
      })
    },
  },
  {
    id: "disk-full",
    severity: "error",
    title: "no room where CNI keeps its state",
    check: ({ dataDirs, facts, files }) => {
      const volumes = new Map<number, string[]>()
      for (const directory of new Set([DEFAULT_CACHE_DIR, ...dataDirs, facts.confDir.value])) {
        const volume = files.stat(deepest(files, directory))?.dev ?? 0
        volumes.set(volume, [...(volumes.get(volume) ?? []), directory])
      }
      return [...volumes.values()].flatMap((directories) => fullHits(files, directories))
    },
  },
]

/** `directories` lie on one file system. */
function fullHits(files: NodeSnapshot["files"], directories: string[]): NodeHit[] {
  const at = deepest(files, directories[0] ?? "/")
  const host = files.host(at)
  if (host === undefined) return []
  const { bavail, bsize, ffree, files: inodes } = statfsSync(host)
  const room = bavail * bsize
  // btrfs makes inodes as they are needed, and counts none.
  const freeInodes = inodes === 0 ? Number.POSITIVE_INFINITY : ffree
  if (room >= LOW_BYTES && freeInodes >= LOW_INODES) return []
  const rooms = `${Math.floor(room / 2 ** 20)} MiB${inodes === 0 ? "" : ` and ${freeInodes} inodes`} free`
  return [
    {
      detail: `${directories.join(", ")}: ${rooms}`,
      evidence: directories,
      remedy: `df -h ${at}; df -i ${at}: free some, every ADD writes there`,
      ...(room < 4096 || freeInodes === 0 ? {} : { severity: "warning" as const }),
    },
  ]
}

function leftoverHits(patient: NodeSnapshot, state: LedgerRow["state"], what: string): NodeHit[] {
  const rows = patient.leftovers.filter((row) => row.state === state && !isYoung(patient, row))
  const places = new Map<string, LedgerRow[]>()
  for (const row of rows) {
    const place = dirname(row.files[0] ?? "")
    places.set(place, [...(places.get(place) ?? []), row])
  }
  return [...places].map(([place, of]) => {
    const paths = of.flatMap(({ files }) => files)
    const shown = paths.slice(0, 3)
    const ips = of.flatMap((row) => row.ips).slice(0, 3)
    return {
      detail: `${of.length} in ${place} ${what}${ips.length > 0 ? `: ${ips.join(", ")}${of.length > ips.length ? ", …" : ""}` : ""}`,
      evidence: paths,
      remedy: `rm ${shown.join(" ")}${paths.length > shown.length ? ` … (${paths.length} files; -o json lists them)` : ""}`,
    }
  })
}

function isYoung({ files: node, nowMs }: NodeSnapshot, { files }: LedgerRow): boolean {
  return files.some((path) => nowMs - (node.stat(path)?.mtimeMs ?? 0) < ADD_MS)
}

/** libcni 1.2 and later read on (containerd 2.0); of the others nothing is known. */
function toleratesBrokenCache({ facts: { runtime } }: NodeSnapshot): boolean {
  return runtime?.name === "containerd" && runtime.version !== undefined && isVersionAtLeast(runtime.version, "2.0")
}

function deepest(files: NodeSnapshot["files"], path: string): string {
  return files.exists(path) ? path : deepest(files, dirname(path))
}
