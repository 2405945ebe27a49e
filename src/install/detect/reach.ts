import { isObject } from "../../cni/json.ts"

/** A plugin that a network configuration reaches. `via` describes how, for people. */
export type ReachedPlugin = { name: string; via: string }

/** The JSON object of a plugin in a list. */
export type PluginObject = Readonly<Record<string, unknown>>

/**
 * Every plugin that the objects of a list execute: themselves, their IPAM plugins and delegates, including implicit
 * delegates. In the order of execution, without duplicates.
 */
export function reach(plugins: readonly PluginObject[], origin = "the list"): ReachedPlugin[] {
  const found = plugins.flatMap((plugin) => reachedBy(plugin, origin))
  return found.filter(({ name }, at) => found.findIndex((other) => other.name === name) === at)
}

function reachedBy(plugin: PluginObject, via: string): ReachedPlugin[] {
  const { type, plugins, ipam, delegate, delegates } = plugin
  if (Array.isArray(plugins)) return plugins.filter(isObject).flatMap((inner) => reachedBy(inner, via))
  if (typeof type !== "string" || type === "") return []
  return [
    { name: type, via },
    ...(isObject(ipam) && !isInside(type, ipam) ? reachedBy(ipam, `IPAM of ${type}`) : []),
    ...(type === "flannel"
      ? flannelDelegates(delegate)
      : isObject(delegate)
        ? reachedBy(delegate, delegateOf(type))
        : []),
    ...(Array.isArray(delegates)
      ? delegates.filter(isObject).flatMap((inner) => reachedBy(inner, delegateOf(type)))
      : []),
  ]
}

/** The IPAM is not a program of the node: azure-vnet calls CNS, antrea's agent executes the copy in its container. */
function isInside(type: string, ipam: PluginObject): boolean {
  return type === "antrea" || (type === "azure-vnet" && ipam.type === "azure-cns")
}

/** flannel adds defaults for whatever its delegate omits (flannel_linux.go doCmdAdd). */
function flannelDelegates(delegate: unknown): ReachedPlugin[] {
  const given = isObject(delegate) ? delegate : {}
  const ipam = isObject(given.ipam) ? given.ipam : {}
  return reachedBy({ type: "bridge", ...given, ipam: { type: "host-local", ...ipam } }, delegateOf("flannel"))
}

function delegateOf(type: string): string {
  return `delegate of ${type}`
}
