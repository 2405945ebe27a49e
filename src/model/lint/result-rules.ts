import { contains, parseAddress, parsePrefix } from "../../cni/address.ts"
import { isObject } from "../../cni/json.ts"
import {
  type CallFacts,
  type CallRule,
  isAtLeast,
  isReleased,
  type JsonObject,
  objects,
  positionOf,
  text,
} from "./call-facts.ts"
import type { CallHit } from "./finding.ts"
import { issue, libcni, spec } from "./rule-source.ts"

/** Of a successful ADD that answered with a result. */
const RULES: readonly CallRule[] = [
  {
    id: "result-without-version",
    severity: "warning",
    title: "a result without cniVersion",
    source: issue("containernetworking/cni#701"),
    remedy: "Print the `cniVersion` of the configuration: without it older libcni reads 0.1.0 and DEL fails later.",
    check: ({ result, pieces }) =>
      result && typeof result.cniVersion !== "string"
        ? [{ detail: "cniVersion is missing", stream: "stdout", at: pieces[0]?.from ?? 0 }]
        : [],
  },
  {
    id: "result-version-differs",
    severity: "error",
    title: "a result of another version than its configuration",
    source: issue("containernetworking/cni#862"),
    remedy: "Convert the result to the `cniVersion` of the configuration: the next plugin parses it as that.",
    check: (facts) => {
      const { result, config, version, prevResult, stdout } = facts
      if (!config || typeof result?.cniVersion !== "string") return []
      if (result.cniVersion === version || !isReleased(result.cniVersion)) return []
      // It passed on what it was given, as it should.
      if (result.cniVersion === prevResult?.cniVersion) return []
      return [{ detail: `${result.cniVersion}, asked for ${version}`, ...place(stdout, `"cniVersion"`) }]
    },
  },
  {
    id: "result-version-unknown",
    severity: "error",
    title: "a result of a version that was never released",
    source: libcni("pkg/types/create/create.go"),
    remedy: "Print the `cniVersion` of the configuration.",
    check: ({ result, stdout }) =>
      typeof result?.cniVersion === "string" && !isReleased(result.cniVersion)
        ? [{ detail: text(result.cniVersion), ...place(stdout, `"cniVersion"`) }]
        : [],
  },
  {
    id: "result-old-keys",
    severity: "error",
    title: "ip4 or ip6 in a result of 0.3.0 or later",
    source: spec("5, ADD success"),
    remedy: "Print the `ips` list: these keys ended with 0.2.0 and are dropped in silence.",
    check: (facts) =>
      !isAtLeast(shapeOf(facts), "0.3.0")
        ? []
        : ["ip4", "ip6"]
            .filter((key) => key in (facts.result ?? {}) && !(key in (facts.prevResult ?? {})))
            .map((key) => ({ detail: key, ...place(facts.stdout, `"${key}"`) })),
  },
  {
    id: "ip-version-key",
    severity: "warning",
    title: "`version` in ips of a result of 1.0.0 or later",
    source: spec("5, ADD success"),
    remedy: "Leave `version` out of `ips`: it ended with 0.4.0.",
    check: (facts) =>
      !isAtLeast(shapeOf(facts), "1.0.0")
        ? []
        : facts.added.ips
            .filter((ip) => "version" in ip)
            .map((ip) => ({ detail: text(ip.address), ...place(facts.stdout, `"version"`) })),
  },
  {
    id: "ip-version-missing",
    severity: "warning",
    title: "no `version` in ips of a result of 0.3.0 to 0.4.0",
    source: spec("5, ADD success"),
    remedy: 'Print "4" or "6" there.',
    check: (facts) =>
      !isAtLeast(shapeOf(facts), "0.3.0") || isAtLeast(shapeOf(facts), "1.0.0")
        ? []
        : facts.added.ips
            .filter((ip) => !("version" in ip))
            .map((ip) => ({ detail: text(ip.address), ...place(facts.stdout, JSON.stringify(ip.address)) })),
  },
  {
    id: "ip-version-wrong",
    severity: "error",
    title: "`version` of an address that is of the other family",
    source: spec("5, ADD success"),
    remedy: 'Print "4" for IPv4 and "6" for IPv6.',
    check: (facts) =>
      isAtLeast(shapeOf(facts), "1.0.0")
        ? []
        : facts.added.ips.flatMap((ip) => {
            const bits = parsePrefix(text(ip.address))?.address.bits
            const family = bits === 32 ? "4" : "6"
            if (!bits || !("version" in ip) || ip.version === family) return []
            return [
              {
                detail: `${text(ip.version)} for ${text(ip.address)}`,
                ...place(facts.stdout, JSON.stringify(ip.address)),
              },
            ]
          }),
  },
  {
    id: "ip-without-prefix",
    severity: "error",
    title: "an address without a prefix length",
    source: spec("5, ADD success"),
    remedy: "Print it in CIDR notation, such as 10.1.2.3/24.",
    check: (facts) =>
      facts.added.ips
        .filter(({ address }) => parseAddress(text(address)))
        .map(({ address }) => ({ detail: text(address), ...place(facts.stdout, JSON.stringify(address)) })),
  },
  {
    id: "ip-invalid",
    severity: "error",
    title: "an address that is none",
    source: spec("5, ADD success"),
    remedy: "Print it in CIDR notation, such as 10.1.2.3/24.",
    check: (facts) =>
      facts.added.ips
        .filter(({ address }) => !parseAddress(text(address)) && !parsePrefix(text(address)))
        .map(({ address }) => ({
          detail: address === undefined ? "address is missing" : text(address),
          ...place(facts.stdout, JSON.stringify(address) ?? `"ips"`),
        })),
  },
  {
    id: "ip-interface-index",
    severity: "error",
    title: "an address on an interface that is not listed",
    source: spec("5, ADD success"),
    remedy: "Make `interface` an index into `interfaces`, from 0.",
    check: (facts) => {
      const interfaces = Array.isArray(facts.result?.interfaces) ? facts.result.interfaces : []
      return facts.added.ips.flatMap((ip) => {
        const index = ip.interface
        if (index === undefined || index === null) return []
        if (typeof index === "number" && Number.isInteger(index) && index >= 0 && index < interfaces.length) return []
        const detail = `interface ${text(index)} of ${interfaces.length} for ${text(ip.address)}`
        return [{ detail, ...place(facts.stdout, `"interface"`) }]
      })
    },
  },
  {
    id: "ip-twice-in-result",
    severity: "error",
    title: "one address twice in one result",
    source: spec("5, ADD success"),
    remedy: "Give each address once.",
    check: (facts) => {
      const all = objects(facts.result?.ips).map(({ address, interface: on }) => `${text(address)} ${text(on)}`)
      const came = new Set(facts.added.ips.map(({ address, interface: on }) => `${text(address)} ${text(on)}`))
      const twice = new Set(all.filter((key, at) => came.has(key) && all.indexOf(key) !== at))
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
    title: "a gateway that is no address",
    source: spec("5, ADD success"),
    remedy: "Print the gateway's address without a prefix length, or leave it out.",
    check: (facts) =>
      facts.added.ips
        .filter(
          ({ gateway }) => gateway !== undefined && gateway !== "" && gateway !== null && !parseAddress(text(gateway)),
        )
        .map(({ gateway }) => ({
          detail: text(gateway),
          ...place(facts.stdout, JSON.stringify(gateway), `"gateway"`),
        })),
  },
  {
    id: "gateway-outside-subnet",
    severity: "warning",
    title: "a gateway outside the subnet of its address",
    source: spec("5, ADD success"),
    remedy: "Check subnet and gateway of the IPAM configuration: without a route to it the default route fails.",
    check: (facts) =>
      facts.added.ips.flatMap((ip) => {
        const prefix = parsePrefix(text(ip.address))
        const gateway = parseAddress(text(ip.gateway))
        // A host route (/32, /128) has no subnet, and a link-local gateway is reached on the link.
        if (!prefix || !gateway || prefix.length === prefix.address.bits || isLinkLocal(gateway)) return []
        if (contains(prefix, gateway)) return []
        return [
          { detail: `${text(ip.gateway)} for ${text(ip.address)}`, ...place(facts.stdout, JSON.stringify(ip.gateway)) },
        ]
      }),
  },
  {
    id: "route-invalid",
    severity: "error",
    title: "a route whose destination or gateway is no address",
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
            ...place(facts.stdout, JSON.stringify(wrong) ?? `"routes"`),
          },
        ]
      }),
  },
  {
    id: "interface-without-name",
    severity: "error",
    title: "an interface without a name",
    source: spec("5, ADD success"),
    remedy: "Print the name of every interface.",
    check: (facts) =>
      facts.added.interfaces
        .filter(({ name }) => typeof name !== "string" || name === "")
        .map(({ name }) => ({
          detail: name === undefined ? "name is missing" : text(name),
          ...place(facts.stdout, `"interfaces"`),
        })),
  },
  {
    id: "interface-name-too-long",
    severity: "warning",
    title: "an interface name that Linux cannot have",
    source: spec("5, ADD success"),
    remedy: "Print the name that the interface really has, at most 15 characters.",
    check: (facts) =>
      ownInterfaces(facts)
        .filter(({ name }) => typeof name === "string" && name.length > 15)
        .map(({ name }) => ({ detail: text(name), ...place(facts.stdout, JSON.stringify(name)) })),
  },
  {
    id: "interface-mac-invalid",
    severity: "warning",
    title: "a mac that is no hardware address",
    source: spec("5, ADD success"),
    remedy: "Print six octets such as 0a:58:0a:01:02:03, or leave `mac` out.",
    check: (facts) =>
      ownInterfaces(facts)
        .filter(({ mac }) => mac !== undefined && mac !== "" && !isMac(text(mac)))
        .map(({ mac, name }) => ({
          detail: `${text(mac)} of ${text(name)}`,
          ...place(facts.stdout, JSON.stringify(mac)),
        })),
  },
  {
    id: "interface-sandbox-invalid",
    severity: "warning",
    title: "a sandbox that is not the network namespace of the call",
    source: spec("5, ADD success"),
    remedy: "Print CNI_NETNS as `sandbox` of interfaces in the container, and none for those of the node.",
    check: (facts) =>
      ownInterfaces(facts)
        // A virtual machine's sandbox is no path but an id, which is any word.
        .filter(
          ({ sandbox }) =>
            typeof sandbox === "string" && sandbox.startsWith("/") && !isNetns(sandbox, facts.call.netns),
        )
        .map(({ sandbox }) => ({
          detail: `${text(sandbox)}, called for ${facts.call.netns ?? "none"}`,
          ...place(facts.stdout, JSON.stringify(sandbox)),
        })),
  },
  {
    id: "ipam-lists-interfaces",
    severity: "warning",
    title: "an IPAM plugin that lists interfaces",
    source: spec("5, Delegated plugins"),
    remedy: "Leave `interfaces` and `ips[].interface` to the plugin that calls IPAM.",
    check: ({ call, parent, result, stdout }) => {
      const ipam = parent?.config?.ipam
      if (!isObject(ipam) || ipam.type !== call.plugin) return []
      const listed = objects(result?.interfaces).length
      return listed > 0 ? [{ detail: `${listed} of them`, ...place(stdout, `"interfaces"`) }] : []
    },
  },
]

/**
 * What stands in the result of an ADD. A result goes through every later plugin of the list, so an object is judged at
 * the call that brought it in: not where it came with `prevResult` or from a delegate.
 */
export const RESULT_RULES: readonly CallRule[] = RULES.map((rule) => ({
  ...rule,
  check: (facts) => (facts.call.command === "ADD" && facts.isOk && facts.result ? rule.check(facts) : []),
}))

/**
 * aws-cni keeps its own data there: a VLAN id or a route table as `mac`, a device number as `sandbox`, under the name of
 * a device that it never makes (routed-eni-cni-plugin/cni.go), and later reads it back.
 */
const KEEPS_DATA_IN_INTERFACES = ["aws-cni"]

function ownInterfaces({ call, added }: CallFacts): readonly JsonObject[] {
  return KEEPS_DATA_IN_INTERFACES.includes(call.plugin) ? [] : added.interfaces
}

/** The version whose shape a result must have: its own, which `result-version-differs` compares with what was asked for. */
function shapeOf({ result, version }: Pick<CallFacts, "result" | "version">): string {
  return typeof result?.cniVersion === "string" && isReleased(result.cniVersion) ? result.cniVersion : version
}

function place(stdout: string | undefined, ...candidates: string[]): Pick<CallHit, "stream" | "at"> {
  const at = positionOf(stdout, ...candidates)
  return { stream: "stdout", ...(at === undefined ? {} : { at }) }
}

/** Ethernet and InfiniBand addresses. */
function isMac(mac: string): boolean {
  return (
    /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(mac) ||
    /^[0-9a-f]{2}(:[0-9a-f]{2}){7}$|^[0-9a-f]{2}(:[0-9a-f]{2}){19}$/i.test(mac)
  )
}

/** /var/run is a link to /run on every current distribution, and plugins resolve it or do not. */
function isNetns(sandbox: string, netns: string | undefined): boolean {
  return netns === undefined || plain(sandbox) === plain(netns)
}

function plain(path: string): string {
  return path.replace(/^\/host(?=\/)/, "").replace(/^\/var\/run\//, "/run/")
}

function isLinkLocal({ bits, value }: { bits: 32 | 128; value: bigint }): boolean {
  return bits === 32 ? value >> 16n === 0xa9fen : value >> 118n === 0x3fan
}
