import { isObject } from "../../../cni/json.ts"
import { type CallFacts, type CallRule, type JsonObject, locate, objects, text } from "../call-facts.ts"
import { spec } from "../rule-source.ts"

/** Interfaces of a result. */
export const RESULT_INTERFACE_RULES: readonly CallRule[] = [
  {
    id: "interface-without-name",
    severity: "error",
    title: "interface without a name",
    source: spec("5, ADD success"),
    remedy: "Print the name of every interface.",
    check: (facts) =>
      facts.added.interfaces
        .filter(({ name }) => typeof name !== "string" || name === "")
        .map(({ name }) => ({
          detail: name === undefined ? "name is missing" : text(name),
          ...locate("stdout", facts.stdout, `"interfaces"`),
        })),
  },
  {
    id: "interface-name-too-long",
    severity: "warning",
    title: "interface name longer than Linux allows",
    source: spec("5, ADD success"),
    remedy: "Print the name that the interface actually has, at most 15 characters.",
    check: (facts) =>
      checkedInterfaces(facts)
        .filter(({ name }) => typeof name === "string" && name.length > 15)
        .map(({ name }) => ({ detail: text(name), ...locate("stdout", facts.stdout, JSON.stringify(name)) })),
  },
  {
    id: "interface-mac-invalid",
    severity: "warning",
    title: "invalid MAC address of an interface",
    source: spec("5, ADD success"),
    remedy: "Print six octets such as 0a:58:0a:01:02:03, or omit `mac`.",
    check: (facts) =>
      checkedInterfaces(facts)
        .filter(({ mac }) => mac !== undefined && mac !== "" && !isMac(text(mac)))
        .map(({ mac, name }) => ({
          detail: `${text(mac)} of ${text(name)}`,
          ...locate("stdout", facts.stdout, JSON.stringify(mac)),
        })),
  },
  {
    id: "interface-sandbox-invalid",
    severity: "warning",
    title: "`sandbox` of an interface is not the network namespace of the call",
    source: spec("5, ADD success"),
    remedy: "Set `sandbox` to CNI_NETNS for interfaces in the container, and omit it for those on the node.",
    check: (facts) =>
      checkedInterfaces(facts)
        // The sandbox of a virtual machine is not a path but an arbitrary ID.
        .filter(
          ({ sandbox }) =>
            typeof sandbox === "string" && sandbox.startsWith("/") && !isSameNetns(sandbox, facts.call.netns),
        )
        .map(({ sandbox }) => ({
          detail: `${text(sandbox)} instead of ${facts.call.netns ?? ""}`,
          ...locate("stdout", facts.stdout, JSON.stringify(sandbox)),
        })),
  },
  {
    id: "ipam-lists-interfaces",
    severity: "warning",
    title: "IPAM plugin lists interfaces",
    source: spec("5, Delegated plugins"),
    remedy: "Leave `interfaces` and `ips[].interface` to the plugin that calls the IPAM plugin.",
    check: ({ call, parent, result, stdout }) => {
      const ipam = parent?.config?.ipam
      if (!isObject(ipam) || ipam.type !== call.plugin) return []
      const listed = objects(result?.interfaces).length
      return listed > 0 ? [{ detail: `${listed} listed`, ...locate("stdout", stdout, `"interfaces"`) }] : []
    },
  },
]

/**
 * aws-cni stores its own data in the interface list and reads it back later: a VLAN id or a route table as `mac`, a device
 * number as `sandbox`, under the name of a device that it never creates (routed-eni-cni-plugin/cni.go).
 */
const STORES_DATA_IN_INTERFACES = ["aws-cni"]

function checkedInterfaces({ call, added }: CallFacts): readonly JsonObject[] {
  return STORES_DATA_IN_INTERFACES.includes(call.plugin) ? [] : added.interfaces
}

/** Ethernet and InfiniBand addresses. */
function isMac(mac: string): boolean {
  return (
    /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(mac) ||
    /^[0-9a-f]{2}(:[0-9a-f]{2}){7}$|^[0-9a-f]{2}(:[0-9a-f]{2}){19}$/i.test(mac)
  )
}

/** /var/run is a symlink to /run on every current distribution; some plugins resolve it. */
function isSameNetns(sandbox: string, netns: string | undefined): boolean {
  return netns === undefined || normalized(sandbox) === normalized(netns)
}

function normalized(path: string): string {
  return path.replace(/^\/host(?=\/)/, "").replace(/^\/var\/run\//, "/run/")
}
