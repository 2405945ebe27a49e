import { isObject } from "../../cni/json.ts"
/** One plugin that a network configuration leads to. `via` tells how, for people. */
export type Reached = { name: string; via: string }

/** A plugin's object in a list, as far as it was JSON. */
export type PluginObject = Readonly<Record<string, unknown>>

/**
 * Every plugin that the objects of a list execute: themselves, their IPAM, their delegates, and what plugins are
 * known to delegate to without saying so. In the order of execution, each name once.
 */
export function reach(plugins: readonly PluginObject[], origin = "the list"): Reached[] {
  const found = plugins.flatMap((plugin) => reachedBy(plugin, origin))
  return found.filter(({ name }, at) => found.findIndex((other) => other.name === name) === at)
}

function reachedBy(plugin: PluginObject, via: string): Reached[] {
  const { type, plugins, ipam, delegate, delegates } = plugin
  if (Array.isArray(plugins)) return plugins.filter(isObject).flatMap((inner) => reachedBy(inner, via))
  if (typeof type !== "string" || type === "") return []
  return [
    { name: type, via },
    ...(isObject(ipam) && !isInside(type, ipam) ? reachedBy(ipam, `IPAM of ${type}`) : []),
    ...(type === "flannel" ? flannelDelegates(delegate) : isObject(delegate) ? reachedBy(delegate, by(type)) : []),
    ...(Array.isArray(delegates) ? delegates.filter(isObject).flatMap((inner) => reachedBy(inner, by(type))) : []),
  ]
}

/** The IPAM is no program of the node: azure-vnet asks CNS itself, antrea's agent executes the copy in its container. */
function isInside(type: string, ipam: PluginObject): boolean {
  return type === "antrea" || (type === "azure-vnet" && ipam.type === "azure-cns")
}

/** Whatever its delegate leaves out flannel fills in (flannel_linux.go doCmdAdd). */
function flannelDelegates(delegate: unknown): Reached[] {
  const given = isObject(delegate) ? delegate : {}
  const ipam = isObject(given.ipam) ? given.ipam : {}
  return reachedBy({ type: "bridge", ...given, ipam: { type: "host-local", ...ipam } }, by("flannel"))
}

function by(type: string): string {
  return `delegate of ${type}`
}
