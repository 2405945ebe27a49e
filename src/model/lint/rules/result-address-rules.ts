import { contains, parseAddress, parsePrefix } from "../../../cni/address.ts"
import { type CallRule, isAtLeast, locate, objects, resultVersion, text } from "../call-facts.ts"
import { spec } from "../rule-source.ts"

/** Addresses, gateways and routes of a result. */
export const RESULT_ADDRESS_RULES: readonly CallRule[] = [
  {
    id: "ip-version-key",
    follows: ["result-version-differs", "result-version-unknown"],
    severity: "warning",
    title: "`version` in ips of a result of version 1.0.0 or later",
    source: spec("5, ADD success"),
    remedy: "Omit `version` from `ips`: it exists up to 0.4.0.",
    check: (facts) =>
      !isAtLeast(resultVersion(facts), "1.0.0")
        ? []
        : facts.added.ips
            .filter((ip) => "version" in ip)
            .map((ip) => ({ detail: text(ip.address), ...locate("stdout", facts.stdout, `"version"`) })),
  },
  {
    id: "ip-version-missing",
    follows: ["result-version-differs", "result-version-unknown"],
    severity: "warning",
    title: "no `version` in ips of a result of version 0.3.0 to 0.4.0",
    source: spec("5, ADD success"),
    remedy: 'Set `version` to "4" or "6".',
    check: (facts) =>
      !isAtLeast(resultVersion(facts), "0.3.0") || isAtLeast(resultVersion(facts), "1.0.0")
        ? []
        : facts.added.ips
            .filter((ip) => !("version" in ip))
            .map((ip) => ({ detail: text(ip.address), ...locate("stdout", facts.stdout, JSON.stringify(ip.address)) })),
  },
  {
    id: "ip-version-wrong",
    severity: "error",
    title: "`version` in ips does not match the address family",
    source: spec("5, ADD success"),
    remedy: 'Set `version` to "4" for IPv4 and "6" for IPv6.',
    check: (facts) =>
      isAtLeast(resultVersion(facts), "1.0.0")
        ? []
        : facts.added.ips.flatMap((ip) => {
            const bits = parsePrefix(text(ip.address))?.address.bits
            const family = bits === 32 ? "4" : "6"
            if (!bits || !("version" in ip) || ip.version === family) return []
            return [
              {
                detail: `${text(ip.version)} for ${text(ip.address)}`,
                ...locate("stdout", facts.stdout, JSON.stringify(ip.address)),
              },
            ]
          }),
  },
  {
    id: "ip-without-prefix",
    severity: "error",
    title: "address without a prefix length",
    source: spec("5, ADD success"),
    remedy: "Print it in CIDR notation, such as 10.1.2.3/24.",
    check: (facts) =>
      facts.added.ips
        .filter(({ address }) => parseAddress(text(address)))
        .map(({ address }) => ({
          detail: text(address),
          ...locate("stdout", facts.stdout, JSON.stringify(address)),
        })),
  },
  {
    id: "ip-invalid",
    severity: "error",
    title: "invalid IP address",
    source: spec("5, ADD success"),
    remedy: "Print it in CIDR notation, such as 10.1.2.3/24.",
    check: (facts) =>
      facts.added.ips
        .filter(({ address }) => !parseAddress(text(address)) && !parsePrefix(text(address)))
        .map(({ address }) => ({
          detail: address === undefined ? "address is missing" : text(address),
          ...locate("stdout", facts.stdout, JSON.stringify(address) ?? `"ips"`),
        })),
  },
  {
    id: "ip-interface-index",
    severity: "error",
    title: "address refers to an interface that is not listed",
    source: spec("5, ADD success"),
    remedy: "Set `interface` to an index into `interfaces`, counted from 0.",
    check: (facts) => {
      const interfaces = Array.isArray(facts.result?.interfaces) ? facts.result.interfaces : []
      return facts.added.ips.flatMap((ip) => {
        const index = ip.interface
        if (index === undefined || index === null) return []
        if (typeof index === "number" && Number.isInteger(index) && index >= 0 && index < interfaces.length) return []
        const detail = `${text(ip.address)} has interface ${text(index)}, the result lists ${interfaces.length}`
        return [{ detail, ...locate("stdout", facts.stdout, `"interface"`) }]
      })
    },
  },
  {
    id: "ip-twice-in-result",
    severity: "error",
    title: "same address twice in one result",
    source: spec("5, ADD success"),
    remedy: "List each address once.",
    check: (facts) => {
      const all = objects(facts.result?.ips).map(({ address, interface: on }) => `${text(address)} ${text(on)}`)
      const added = new Set(facts.added.ips.map(({ address, interface: on }) => `${text(address)} ${text(on)}`))
      const twice = new Set(all.filter((key, at) => added.has(key) && all.indexOf(key) !== at))
      return [...twice].map((key) => {
        const address = key.slice(0, key.indexOf(" "))
        const first = facts.stdout?.indexOf(address) ?? -1
        const at = facts.stdout?.indexOf(address, first + 1) ?? -1
        return { detail: address, stream: "stdout" as const, ...(at < 0 ? {} : { at }) }
      })
    },
  },
  {
    id: "gateway-invalid",
    severity: "error",
    title: "gateway is not an IP address",
    source: spec("5, ADD success"),
    remedy: "Print the gateway's address without a prefix length, or omit it.",
    check: (facts) =>
      facts.added.ips
        .filter(
          ({ gateway }) => gateway !== undefined && gateway !== "" && gateway !== null && !parseAddress(text(gateway)),
        )
        .map(({ gateway }) => ({
          detail: text(gateway),
          ...locate("stdout", facts.stdout, JSON.stringify(gateway), `"gateway"`),
        })),
  },
  {
    id: "gateway-outside-subnet",
    severity: "warning",
    title: "gateway outside the subnet of its address",
    source: spec("5, ADD success"),
    remedy: "Check subnet and gateway of the IPAM configuration: without a route to it, the default route fails.",
    check: (facts) =>
      facts.added.ips.flatMap((ip) => {
        const prefix = parsePrefix(text(ip.address))
        const gateway = parseAddress(text(ip.gateway))
        // A host route (/32, /128) has no subnet, and a link-local gateway is reached on the link.
        if (!prefix || !gateway || prefix.length === prefix.address.bits || isLinkLocal(gateway)) return []
        if (contains(prefix, gateway)) return []
        return [
          {
            detail: `${text(ip.gateway)} for ${text(ip.address)}`,
            ...locate("stdout", facts.stdout, JSON.stringify(ip.gateway)),
          },
        ]
      }),
  },
  {
    id: "route-invalid",
    severity: "error",
    title: "route with an invalid destination or gateway",
    source: spec("5, ADD success"),
    remedy: "Print `dst` in CIDR notation and `gw` as an address.",
    check: (facts) =>
      facts.added.routes.flatMap((route) => {
        const isDst = parsePrefix(text(route.dst)) !== undefined
        const isGw = route.gw === undefined || route.gw === "" || route.gw === null || parseAddress(text(route.gw))
        if (isDst && isGw) return []
        const wrong = isDst ? route.gw : route.dst
        return [
          {
            detail: wrong === undefined ? "dst is missing" : text(wrong),
            ...locate("stdout", facts.stdout, JSON.stringify(wrong) ?? `"routes"`),
          },
        ]
      }),
  },
]

function isLinkLocal({ bits, value }: { bits: 32 | 128; value: bigint }): boolean {
  return bits === 32 ? value >> 16n === 0xa9fen : value >> 118n === 0x3fan
}
