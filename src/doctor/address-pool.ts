import { dirname, join } from "node:path"
import { contains, type Prefix, parseAddress, parsePrefix } from "../cni/address.ts"
import { isObject } from "../cni/json.ts"
import { DEFAULT_DATA_DIR } from "../store/node/host-local.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"

/** One set of ranges of host-local: every pod of the network takes one address out of it. */
export type AddressPool = {
  network: string
  /** subnets, as written */
  ranges: string[]
  /** addresses that it can give; 0 where that is more than anybody counts */
  capacity: number
  reserved: number
  /** the network's directory in the store */
  directory: string
  /** where the ranges stand */
  file: string
}

/** The pools of the networks in use, where the lists or flannel's file tell the ranges. */
export function addressPools({ active, reservations, files }: NodeSnapshot): AddressPool[] {
  return active.flatMap(({ name = "", plugins, file }) =>
    plugins.flatMap(({ type, object }) => {
      const subnetFile = typeof object.subnetFile === "string" ? object.subnetFile : "/run/flannel/subnet.env"
      const isFlannel = type === "flannel"
      const sets = isFlannel ? flannelSets(files.text(subnetFile) ?? "") : rangeSets(object.ipam)
      const dataDir = dataDirOf(object.ipam)
      return sets.map((set) => {
        const mine = reservations.filter(
          ({ network, path, ip }) =>
            network === name && dirname(dirname(path)) === (files.real(dataDir) ?? dataDir) && isIn(set, ip),
        )
        return {
          network: name,
          ranges: set.map(({ subnet }) => subnet),
          capacity: set.reduce((sum, range) => sum + sizeOf(range), 0),
          reserved: mine.length,
          directory: join(dataDir, name),
          file: isFlannel ? subnetFile : file,
        }
      })
    }),
  )
}

type Range = { subnet: string; prefix: Prefix; first?: string; last?: string }

/** `ranges`, a list of sets of ranges; the older form has one range in `ipam` itself. */
function rangeSets(ipam: unknown): Range[][] {
  if (!isObject(ipam) || ipam.type !== "host-local") return []
  const sets = Array.isArray(ipam.ranges) ? ipam.ranges.map((set) => (Array.isArray(set) ? set : [])) : []
  return [...("subnet" in ipam ? [[ipam]] : []), ...sets]
    .map((set) => set.flatMap(toRange))
    .filter(({ length }) => length > 0)
}

function toRange(value: unknown): Range[] {
  if (!isObject(value)) return []
  const { subnet, rangeStart, rangeEnd } = value
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

function flannelSets(env: string): Range[][] {
  return [...env.matchAll(/^FLANNEL_(?:IPV6_)?SUBNET=(\S+)$/gm)]
    .map(([, subnet]) => toRange({ subnet }))
    .filter(({ length }) => length > 0)
}

/** host-local gives neither the network's own address, nor IPv4's broadcast, nor the gateway, which is the first. */
function sizeOf({ prefix: { address, length }, first, last }: Range): number {
  const hostBits = address.bits - length
  if (hostBits > 24) return 0
  const base = (address.value >> BigInt(hostBits)) << BigInt(hostBits)
  const end = base + (1n << BigInt(hostBits)) - (address.bits === 32 ? 2n : 1n)
  const from = (first ? parseAddress(first)?.value : undefined) ?? base + 1n
  const to = (last ? parseAddress(last)?.value : undefined) ?? end
  const hasGateway = from <= base + 1n && base + 1n <= to
  return Number(to - from) + 1 - (hasGateway ? 1 : 0)
}

function isIn(set: readonly Range[], ip: string): boolean {
  const address = parseAddress(ip)
  return address !== undefined && set.some(({ prefix }) => contains(prefix, address))
}

function dataDirOf(ipam: unknown): string {
  return isObject(ipam) && typeof ipam.dataDir === "string" && ipam.dataDir ? ipam.dataDir : DEFAULT_DATA_DIR
}
