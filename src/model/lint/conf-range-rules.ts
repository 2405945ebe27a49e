import { contains, type Prefix, parseAddress, parsePrefix } from "../../cni/address.ts"
import { hostLocalRangeSets } from "../../cni/host-local.ts"
import { text } from "./call-facts.ts"
import { type ConfSection, type FileHit, type FileRule, ipams } from "./conf-file.ts"

/** host-local's address ranges. */
export const RANGE_RULES: FileRule[] = [
  {
    id: "conf-range-invalid",
    severity: "error",
    title: "an address range that cannot be used",
    source: { text: "host-local, README", link: "https://www.cni.dev/plugins/current/ipam/host-local/" },
    remedy: "Write `subnet` as a network in CIDR notation, and start, end and gateway inside it.",
    check: ({ plugins }) => ranges(plugins).flatMap(rangeHits),
  },
  {
    id: "conf-ranges-overlap",
    severity: "error",
    title: "two address ranges that overlap",
    source: { text: "host-local, README", link: "https://www.cni.dev/plugins/current/ipam/host-local/" },
    remedy: "Give each range its own network: an address would be given twice.",
    check: ({ plugins }) => {
      const known = ranges(plugins).flatMap((range) => {
        const prefix = parsePrefix(text(range.config.subnet))
        // Two ranges of one network may each take a part of it.
        return prefix && !("rangeStart" in range.config) ? [{ ...range, prefix }] : []
      })
      return known.flatMap((range, index) =>
        known.slice(0, index).some(({ prefix, plugin }) => plugin === range.plugin && isOverlap(prefix, range.prefix))
          ? [{ detail: text(range.config.subnet), at: [...range.path, "subnet"] }]
          : [],
      )
    },
  },
]

type AddressRange = ConfSection & { plugin: number }

function ranges(plugins: ConfSection[]): AddressRange[] {
  return ipams(plugins).flatMap((ipam, plugin) =>
    hostLocalRangeSets(ipam.config)
      .flat()
      .map(({ range, at }) => ({ config: range, path: [...ipam.path, ...at], plugin })),
  )
}

function rangeHits({ config, path }: AddressRange): FileHit[] {
  const subnet = text(config.subnet)
  // Calico replaces this word before it calls host-local.
  if (subnet === "usePodCidr" || subnet === "usePodCidrIPv6") return []
  const prefix = parsePrefix(subnet)
  if (!prefix)
    return [
      {
        detail: `subnet is ${config.subnet === undefined ? "missing" : subnet}`,
        at: "subnet" in config ? [...path, "subnet"] : path,
      },
    ]
  const hits: FileHit[] = []
  if (prefix.length > prefix.address.bits - 2)
    hits.push({ detail: `${subnet} has no room for a gateway and a pod`, at: [...path, "subnet"] })
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
