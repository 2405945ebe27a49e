import { dirname, join } from "node:path"
import { contains, type Prefix, parseAddress, parsePrefix } from "../cni/address.ts"
import { hostLocalRangeSets } from "../cni/host-local.ts"
import { isObject } from "../cni/json.ts"
import { DEFAULT_DATA_DIR } from "../store/node/host-local.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"

/** One set of host-local ranges: every pod of the network gets one address from it. */
export type AddressPool = {
  network: string
  /** subnets, as written */
  ranges: string[]
  /** number of assignable addresses; 0 if the ranges are too large to run out */
  capacity: number
  reserved: number
  /** the network's directory in host-local's store */
  directory: string
  /** the file with the ranges */
  file: string
}

/** The pools of the active networks, if the lists or flannel's file state the ranges. */
export function addressPools({ active, reservations, files }: NodeSnapshot): AddressPool[] {
  return active.flatMap(({ name = "", plugins, file }) =>
    plugins.flatMap(({ type, object }) => {
      const subnetFile = typeof object.subnetFile === "string" ? object.subnetFile : "/run/flannel/subnet.env"
      const isFlannel = type === "flannel"
      const sets = isFlannel ? flannelSets(files.text(subnetFile) ?? "") : rangeSets(object.ipam)
      const dataDir = dataDirOf(object.ipam)
      return sets.map((set) => {
        const reserved = reservations.filter(
          ({ network, path, ip }) =>
            network === name && dirname(dirname(path)) === (files.real(dataDir) ?? dataDir) && isIn(set, ip),
        )
        return {
          network: name,
          ranges: set.map(({ subnet }) => subnet),
          capacity: set.reduce((sum, range) => sum + sizeOf(range), 0),
          reserved: reserved.length,
          directory: join(dataDir, name),
          file: isFlannel ? subnetFile : file,
        }
      })
    }),
  )
}

type ConfiguredRange = { subnet: string; prefix: Prefix; first?: string; last?: string }

/** Ranges that cannot be parsed are left out; the linter reports them. */
function rangeSets(ipam: unknown): ConfiguredRange[][] {
  return hostLocalRangeSets(ipam)
    .map((set) => set.flatMap(({ range }) => toRange(range)))
    .filter(({ length }) => length > 0)
}

function toRange({ subnet, rangeStart, rangeEnd }: Record<string, unknown>): ConfiguredRange[] {
  const prefix = typeof subnet === "string" ? parsePrefix(subnet) : undefined
  if (typeof subnet !== "string" || !prefix) return []
  return [
    {
      subnet,
      prefix,
      ...(typeof rangeStart === "string" ? { first: rangeStart } : {}),
      ...(typeof rangeEnd === "string" ? { last: rangeEnd } : {}),
    },
  ]
}

function flannelSets(env: string): ConfiguredRange[][] {
  return [...env.matchAll(/^FLANNEL_(?:IPV6_)?SUBNET=(\S+)$/gm)]
    .map(([, subnet]) => toRange({ subnet }))
    .filter(({ length }) => length > 0)
}

/**
 * host-local assigns neither the network address, nor the IPv4 broadcast address, nor the gateway (the first address).
 */
function sizeOf({ prefix: { address, length }, first, last }: ConfiguredRange): number {
  const hostBits = address.bits - length
  if (hostBits > 24) return 0
  const base = (address.value >> BigInt(hostBits)) << BigInt(hostBits)
  const end = base + (1n << BigInt(hostBits)) - (address.bits === 32 ? 2n : 1n)
  const from = (first ? parseAddress(first)?.value : undefined) ?? base + 1n
  const to = (last ? parseAddress(last)?.value : undefined) ?? end
  const hasGateway = from <= base + 1n && base + 1n <= to
  return Number(to - from) + 1 - (hasGateway ? 1 : 0)
}

function isIn(set: readonly ConfiguredRange[], ip: string): boolean {
  const address = parseAddress(ip)
  return address !== undefined && set.some(({ prefix }) => contains(prefix, address))
}

function dataDirOf(ipam: unknown): string {
  return isObject(ipam) && typeof ipam.dataDir === "string" && ipam.dataDir ? ipam.dataDir : DEFAULT_DATA_DIR
}
