import { kindOfPlugin } from "../../cni/plugin-kind.ts"
import type { PluginObject } from "../detect/reach.ts"

/**
 * libcni cannot pass on "no result", so after `cni_pre` the first real plugin gets an empty `prevResult` that it would
 * not get otherwise. Returns why the plugin does not work with that, or undefined if it does (read in its sources).
 */
export function whyNotFirst(plugin: PluginObject): string | undefined {
  const type = String(plugin.type)
  if (IGNORES_PREV_RESULT.has(type)) return undefined
  if (type === "cilium-cni") {
    if (plugin["chaining-mode"]) return undefined
    return "cilium-cni without chaining-mode fails every ADD with a prevResult"
  }
  if (type === "ipvlan") {
    if (plugin.master && hasType(plugin.ipam)) return undefined
    return "ipvlan without master and IPAM takes its interface and addresses from the prevResult"
  }
  if (type === "loopback") return "loopback returns the empty prevResult instead of its own result"
  if (kindOfPlugin(type) === "meta") return `${type} must follow another plugin and would get an empty result`
  return `it is not known how ${type} handles a prevResult as the first plugin`
}

const IGNORES_PREV_RESULT = new Set([
  "calico",
  "bridge",
  "ptp",
  "macvlan",
  "vlan",
  "dummy",
  "tap",
  "host-device",
  "flannel",
  "aws-cni",
  "multus",
  "multus-shim",
  "antrea",
  "ovn-k8s-cni-overlay",
])

function hasType(ipam: unknown): boolean {
  return typeof ipam === "object" && ipam !== null && "type" in ipam && Boolean(ipam.type)
}
