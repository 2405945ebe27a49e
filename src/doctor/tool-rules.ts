import { join } from "node:path"
import type { PluginObject } from "../install/detect/reach.ts"
import type { NodeRule } from "./node-finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

export const TOOL_RULES: NodeRule[] = [
  {
    id: "tool-missing",
    severity: "error",
    title: "a program that a plugin executes is not in the PATH of the runtime",
    check: (node) => {
      const path = pathOf(node)
      if (path === undefined) return []
      const required = new Map<string, string[]>()
      for (const { plugins } of node.active) {
        for (const { type, object } of plugins) {
          const tool = toolOf(type, object)
          if (tool !== undefined) required.set(tool, [...new Set([...(required.get(tool) ?? []), type])])
        }
      }
      const isInstalled = (tool: string) =>
        path.split(":").some((directory) => node.files.isFile(join(directory, tool)))
      return [...required]
        .filter(([tool]) => !isInstalled(tool))
        .map(([tool, plugins]) => ({
          detail: `${plugins.join(", ")} cannot find ${tool} in ${path}`,
          evidence: path.split(":"),
          remedy: `Install ${tool}${tool === "nft" ? " (package nftables)" : ""}.`,
        }))
    },
  },
]

/** In containernetworking/plugins, portmap and firewall always need it, bridge and ptp for masquerading. */
function toolOf(type: string, object: PluginObject): "iptables" | "nft" | undefined {
  const masquerades = (type === "bridge" || type === "ptp") && object.ipMasq === true
  const backend = type === "portmap" ? object.backend : masquerades ? object.ipMasqBackend : undefined
  if (backend === "nftables") return "nft"
  if (type === "firewall") return object.backend === undefined || object.backend === "iptables" ? "iptables" : undefined
  return type === "portmap" || masquerades ? "iptables" : undefined
}

/** Plugins inherit the PATH of the runtime. If it does not run, only the default of an ordinary system is known. */
function pathOf({ facts, files }: NodeSnapshot): string | undefined {
  const { runtime, platform } = facts
  const environ = runtime?.pid === undefined ? undefined : files.text(`/proc/${runtime.pid}/environ`)
  const own = environ?.split("\0").find((entry) => entry.startsWith("PATH="))
  if (own !== undefined) return own.slice("PATH=".length)
  return platform.name === "default" ? DEFAULT_PATH : undefined
}
