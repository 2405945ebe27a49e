import { kindOfPlugin } from "../../cni/plugin-kind.ts"
import type { PluginObject } from "./reach.ts"

/**
 * libcni cannot say "no result": behind `cni_pre` the first real plugin gets a `prevResult` that it would not have
 * had. These take it well (cni-semantics B3, read in their sources); undefined means so, else the reason why not.
 */
export function whyNotFirst(plugin: PluginObject): string | undefined {
  const type = String(plugin.type)
  if (UNMOVED.has(type)) return undefined
  if (type === "cilium-cni") {
    if (plugin["chaining-mode"]) return undefined
    return "cilium-cni without chaining-mode fails every ADD that brings a prevResult"
  }
  if (type === "ipvlan") {
    if (plugin.master && typeIn(plugin.ipam)) return undefined
    return "ipvlan without master and IPAM takes its interface and addresses from the prevResult"
  }
  if (type === "loopback") return "loopback answers the empty prevResult instead of its own result"
  if (kindOfPlugin(type) === "meta") return `${type} must follow another plugin, and would now work on an empty result`
  return `nobody knows what ${type} does with a prevResult when it is first`
}

const UNMOVED = new Set([
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

function typeIn(ipam: unknown): boolean {
  return typeof ipam === "object" && ipam !== null && "type" in ipam && Boolean(ipam.type)
}
