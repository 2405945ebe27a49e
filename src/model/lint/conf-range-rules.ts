import { contains, type Prefix, parseAddress, parsePrefix } from "../../cni/address.ts"
import { isObject } from "../../cni/json.ts"
import { text } from "./call-facts.ts"
import { type FileHit, type FileRule, ipams, list, type Place } from "./conf-file.ts"

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
          ? [{ said: text(range.config.subnet), at: [...range.at, "subnet"] }]
          : [],
      )
    },
  },
]

type Range = Place & { plugin: number }

/** host-local: `ranges` is a list of sets of ranges; the older form has one range in `ipam` itself. */
function ranges(plugins: Place[]): Range[] {
  return ipams(plugins).flatMap((ipam, plugin) => {
    if (ipam.config.type !== "host-local") return []
    const sets = list(ipam.config.ranges).flatMap((set, outer) =>
      list(set).flatMap((range, inner) =>
        isObject(range) ? [{ config: range, at: [...ipam.at, "ranges", outer, inner], plugin }] : [],
      ),
    )
    return "subnet" in ipam.config ? [{ ...ipam, plugin }, ...sets] : sets
  })
}

function rangeHits({ config, at }: Range): FileHit[] {
  const subnet = text(config.subnet)
  // Calico replaces this word before it calls host-local.
  if (subnet === "usePodCidr" || subnet === "usePodCidrIPv6") return []
  const prefix = parsePrefix(subnet)
  if (!prefix)
    return [
      {
        said: `subnet is ${config.subnet === undefined ? "missing" : subnet}`,
        at: "subnet" in config ? [...at, "subnet"] : at,
      },
    ]
  const hits: FileHit[] = []
  if (prefix.length > prefix.address.bits - 2)
    hits.push({ said: `${subnet} has no room for a gateway and a pod`, at: [...at, "subnet"] })
  for (const key of ["rangeStart", "rangeEnd", "gateway"]) {
    if (!(key in config)) continue
    const address = parseAddress(text(config[key]))
    if (!address || !contains(prefix, address))
      hits.push({ said: `${key} ${text(config[key])} is not in ${subnet}`, at: [...at, key] })
  }
  const [start, end] = ["rangeStart", "rangeEnd"].map((key) => parseAddress(text(config[key] ?? "")))
  if (start && end && start.value > end.value)
    hits.push({ said: "rangeStart is after rangeEnd", at: [...at, "rangeStart"] })
  return hits
}

function isOverlap(a: Prefix, b: Prefix): boolean {
  return a.length <= b.length ? contains(a, b.address) : contains(b, a.address)
}
