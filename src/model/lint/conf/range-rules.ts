import { contains, type Prefix, parseAddress, parsePrefix } from "../../../cni/address.ts"
import { hostLocalRangeSets } from "../../../cni/host-local.ts"
import { text } from "../call-facts.ts"
import type { RuleSource } from "../finding.ts"
import { type ConfSection, type FileHit, type FileRule, ipamSections } from "./conf-file.ts"

const HOST_LOCAL: RuleSource = {
  text: "host-local, README",
  link: "https://www.cni.dev/plugins/current/ipam/host-local/",
}

/** Address ranges of host-local. */
export const RANGE_RULES: FileRule[] = [
  {
    id: "conf-range-invalid",
    severity: "error",
    title: "invalid address range",
    source: HOST_LOCAL,
    remedy: "Set `subnet` to a network in CIDR notation that contains the start, end and gateway.",
    check: ({ plugins }) => addressRanges(plugins).flatMap(rangeHits),
  },
  {
    id: "conf-ranges-overlap",
    severity: "error",
    title: "overlapping address ranges",
    source: HOST_LOCAL,
    remedy: "Use a separate subnet for each range: otherwise one address can be assigned twice.",
    check: ({ plugins }) => {
      const wholeSubnets = addressRanges(plugins).flatMap((range) => {
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
]

/** `plugin`: index of the IPAM section that it belongs to. */
type AddressRange = ConfSection & { plugin: number }

function addressRanges(plugins: ConfSection[]): AddressRange[] {
  return ipamSections(plugins).flatMap((ipam, plugin) =>
    hostLocalRangeSets(ipam.config)
      .flat()
      .map(({ range, at }) => ({ config: range, path: [...ipam.path, ...at], plugin })),
  )
}

function rangeHits({ config, path }: AddressRange): FileHit[] {
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

function isOverlap(a: Prefix, b: Prefix): boolean {
  return a.length <= b.length ? contains(a, b.address) : contains(b, a.address)
}
