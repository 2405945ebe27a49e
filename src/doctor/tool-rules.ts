import { join } from "node:path"
import type { PluginObject } from "../install/plan/reach.ts"
import type { NodeRule } from "./node-finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"

const USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

export const TOOL_RULES: NodeRule[] = [
  {
    id: "tool-missing",
    severity: "error",
    title: "a program that a plugin executes is not in the runtime's PATH",
    check: (patient) => {
      const path = pathOf(patient)
      if (path === undefined) return []
      const needs = new Map<string, string[]>()
      for (const { plugins } of patient.active) {
        for (const { type, object } of plugins) {
          const tool = toolOf(type, object)
          if (tool !== undefined) needs.set(tool, [...new Set([...(needs.get(tool) ?? []), type])])
        }
      }
      const isThere = (tool: string) => path.split(":").some((directory) => patient.files.isFile(join(directory, tool)))
      return [...needs]
        .filter(([tool]) => !isThere(tool))
        .map(([tool, plugins]) => ({
          detail: `${plugins.join(", ")} cannot find ${tool} in ${path}`,
          evidence: path.split(":"),
          remedy: `Install ${tool}${tool === "nft" ? " (package nftables)" : ""}.`,
        }))
    },
  },
]

/** containernetworking/plugins: portmap and firewall always, bridge and ptp to masquerade, each with its own key. */
function toolOf(type: string, object: PluginObject): "iptables" | "nft" | undefined {
  const masquerades = (type === "bridge" || type === "ptp") && object.ipMasq === true
  const backend = type === "portmap" ? object.backend : masquerades ? object.ipMasqBackend : undefined
  if (backend === "nftables") return "nft"
  if (type === "firewall") return object.backend === undefined || object.backend === "iptables" ? "iptables" : undefined
  return type === "portmap" || masquerades ? "iptables" : undefined
}

/** Plugins inherit the runtime's; of one that does not run only a plain system's is known. */
function pathOf({ facts, files }: NodeSnapshot): string | undefined {
  const { runtime, platform } = facts
  const environ = runtime?.pid === undefined ? undefined : files.text(`/proc/${runtime.pid}/environ`)
  const own = environ?.split("\0").find((entry) => entry.startsWith("PATH="))
  if (own !== undefined) return own.slice("PATH=".length)
  return platform.name === "default" ? USUAL_PATH : undefined
}
