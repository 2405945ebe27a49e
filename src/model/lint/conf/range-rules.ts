import { contains, type Prefix, parseAddress, parsePrefix } from "../../../cni/address.ts"
import { type AddressInterval, intervalOf, isCovered, parseInterval } from "../../../cni/address-interval.ts"
import { hostLocalRangeSets } from "../../../cni/host-local.ts"
import { objects, text } from "../call-facts.ts"
import type { RuleSource } from "../finding.ts"
import { issue } from "../rule-source.ts"
import { type ConfFile, type ConfSection, type FileHit, type FileRule, ipamSections, list } from "./conf-file.ts"

const HOST_LOCAL: RuleSource = {
  text: "host-local, README",
  link: "https://www.cni.dev/plugins/current/ipam/host-local/",
}

/** Address ranges of host-local and whereabouts. */
export const RANGE_RULES: FileRule[] = [
  {
    id: "conf-range-invalid",
    isDisprovedBySuccess: true,
    severity: "error",
    title: "invalid address range",
    source: HOST_LOCAL,
    remedy: "Set the subnet to a network in CIDR notation that contains the start, end and gateway.",
    check: (file) => [...hostLocalRanges(file).flatMap(rangeHits), ...whereaboutsRanges(file).flatMap(whereaboutsHits)],
  },
  {
    id: "conf-ranges-overlap",
    isDisprovedBySuccess: true,
    severity: "error",
    title: "overlapping address ranges",
    source: HOST_LOCAL,
    remedy: "Use a separate subnet for each range: otherwise one address can be assigned twice.",
    check: (file) => {
      const wholeSubnets = hostLocalRanges(file).flatMap((range) => {
        const prefix = parsePrefix(text(range.config.subnet))
        // Ranges of one subnet with their own start and end need not overlap.
        return prefix && !("rangeStart" in range.config) ? [{ ...range, prefix }] : []
      })
      return wholeSubnets.flatMap((range, index) =>
        wholeSubnets
          .slice(0, index)
          .some(({ prefix, plugin }) => plugin === range.plugin && isOverlap(prefix, range.prefix))
          ? [{ detail: text(range.config.subnet), at: [...range.path, "subnet"] }]
          : [],
      )
    },
  },
  {
    id: "conf-no-address-left",
    isDisprovedBySuccess: true,
    severity: "error",
    title: "ranges and exclusions that leave no address to assign",
    source: issue("k8snetworkplumbingwg/whereabouts#315"),
    remedy: "Enlarge the range, or exclude less: every ADD fails.",
    check: (file) => [...hostLocalSets(file).flatMap(emptySetHits), ...whereaboutsRanges(file).flatMap(excludedHits)],
  },
]

/** `plugin`: index of the IPAM section that it belongs to. */
type PluginRange = ConfSection & { plugin: number }

function sectionsOf({ plugins, delegates }: ConfFile): ConfSection[] {
  return ipamSections([...plugins, ...delegates])
}

function hostLocalSets(file: ConfFile): ConfSection[][] {
  return sectionsOf(file).flatMap((ipam) =>
    hostLocalRangeSets(ipam.config).map((set) =>
      set.map(({ range, at }) => ({ config: range, path: [...ipam.path, ...at] })),
    ),
  )
}

function hostLocalRanges(file: ConfFile): PluginRange[] {
  return sectionsOf(file).flatMap((ipam, plugin) =>
    hostLocalRangeSets(ipam.config)
      .flat()
      .map(({ range, at }) => ({ config: range, path: [...ipam.path, ...at], plugin })),
  )
}

/** The `range` of a section of whereabouts, and those of its `ipRanges`. */
function whereaboutsRanges(file: ConfFile): ConfSection[] {
  return sectionsOf(file).flatMap(({ config, path }) => {
    if (config.type !== "whereabouts") return []
    const more = objects(config.ipRanges).map((range, index) => ({ config: range, path: [...path, "ipRanges", index] }))
    return [...("range" in config ? [{ config, path }] : []), ...more]
  })
}

function rangeHits({ config, path }: PluginRange): FileHit[] {
  const subnet = text(config.subnet)
  // Calico replaces these before it calls host-local.
  if (subnet === "usePodCidr" || subnet === "usePodCidrIPv6") return []
  const prefix = parsePrefix(subnet)
  if (!prefix) {
    const at = "subnet" in config ? [...path, "subnet"] : path
    return [{ detail: `subnet is ${config.subnet === undefined ? "missing" : subnet}`, at }]
  }
  const hits: FileHit[] = []
  if (prefix.length > prefix.address.bits - 2)
    hits.push({ detail: `${subnet} is too small for a gateway and a pod`, at: [...path, "subnet"] })
  for (const key of ["rangeStart", "rangeEnd", "gateway"]) {
    if (!(key in config)) continue
    const address = parseAddress(text(config[key]))
    if (!address || !contains(prefix, address))
      hits.push({ detail: `${key} ${text(config[key])} is not in ${subnet}`, at: [...path, key] })
  }
  const [start, end] = ["rangeStart", "rangeEnd"].map((key) => parseAddress(text(config[key] ?? "")))
  if (start && end && start.value > end.value)
    hits.push({ detail: "rangeStart is after rangeEnd", at: [...path, "rangeStart"] })
  return hits
}

function whereaboutsHits({ config, path }: ConfSection): FileHit[] {
  const range = text(config.range)
  const interval = parseInterval(range)
  if (!interval) return [{ detail: `range is ${range}`, at: [...path, "range"] }]
  if (interval.first > interval.last)
    return [{ detail: `range ${range} ends before it starts`, at: [...path, "range"] }]
  return ["range_start", "range_end"].flatMap((key) => {
    const address = config[key] === undefined ? undefined : parseAddress(text(config[key]))
    const isInside = address && address.bits === interval.bits && isBetween(address.value, interval)
    // An address that cannot be parsed is reported by the schema.
    return address && !isInside
      ? [{ detail: `${key} ${text(config[key])} is not in ${range}`, at: [...path, key] }]
      : []
  })
}

/** host-local never assigns the gateway, and by default that is the first address of the subnet. */
function emptySetHits(set: ConfSection[]): FileHit[] {
  const [first] = set
  if (!first) return []
  const isEmpty = set.every(({ config }) => {
    const prefix = parsePrefix(text(config.subnet))
    // A range that is invalid, or too small for any pod, is another finding.
    if (!prefix || prefix.length > prefix.address.bits - 2) return false
    const assignable = assignableOf(prefix, config.rangeStart, config.rangeEnd)
    const gateway = parseAddress(text(config.gateway ?? ""))?.value ?? intervalOf(prefix).first + 1n
    return assignable.first === assignable.last && assignable.first === gateway
  })
  return isEmpty ? [{ detail: "the only address is that of the gateway", at: first.path }] : []
}

function excludedHits({ config, path }: ConfSection): FileHit[] {
  const range = text(config.range)
  const prefix = parsePrefix(range)
  const whole = prefix ? assignableOf(prefix, config.range_start, config.range_end) : parseInterval(range)
  const excluded = list(config.exclude).flatMap((item) => parseInterval(text(item)) ?? [])
  if (!whole || whole.first > whole.last || excluded.length === 0 || !isCovered(whole, excluded)) return []
  return [{ detail: `exclude ${list(config.exclude).map(text).join(", ")} covers ${range}`, at: [...path, "exclude"] }]
}

/** From `start` to `end`; by default without the network's address and an IPv4 network's broadcast address. */
function assignableOf(prefix: Prefix, start: unknown, end: unknown): AddressInterval {
  const { bits, first, last } = intervalOf(prefix)
  const from = parseAddress(text(start ?? ""))?.value
  const to = parseAddress(text(end ?? ""))?.value
  return { bits, first: from ?? first + 1n, last: to ?? (bits === 32 ? last - 1n : last) }
}

function isBetween(value: bigint, { first, last }: AddressInterval): boolean {
  return first <= value && value <= last
}

function isOverlap(a: Prefix, b: Prefix): boolean {
  return a.length <= b.length ? contains(a, b.address) : contains(b, a.address)
}
