import { join } from "node:path"
import type { Plugin } from "../install/detect/node-facts.ts"
import { programHead } from "../install/detect/program-file.ts"
import type { PluginObject } from "../install/detect/reach.ts"
import { nodeDisk } from "../install/disk/disk.ts"
import { originalOf } from "../install/disk/plugin-dir.ts"
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
      const add = (tool: string | undefined, plugin: string) => {
        if (tool !== undefined) required.set(tool, [...new Set([...(required.get(tool) ?? []), plugin])])
      }
      for (const { plugins } of node.active) for (const { type, object } of plugins) add(toolOf(type, object), type)
      for (const plugin of node.executed) add(interpreterOf(node, plugin), plugin.name)
      const isInstalled = (tool: string) =>
        path.split(":").some((directory) => node.files.isFile(join(directory, tool)))
      return [...required]
        .filter(([tool]) => !isInstalled(tool))
        .map(([tool, plugins]) => ({
          detail: `${plugins.join(", ")} cannot find ${tool} in ${path}`,
          evidence: path.split(":"),
          remedy: REMEDIES[tool] ?? `Install ${tool}.`,
          // Only some releases of istio-cni execute a shell.
          ...(tool === "sh" ? { severity: "warning" as const } : {}),
        }))
    },
  },
]

const REMEDIES: Readonly<Record<string, string>> = {
  nft: "Install nft (package nftables).",
  sh: "Install a shell, or upgrade istio-cni: releases 1.18.7, 1.19.6 and 1.20.2 need one.",
}

/** A script whose first line is `#!/usr/bin/env NAME` runs the NAME that it finds in PATH. */
function interpreterOf({ files }: NodeSnapshot, { path }: Plugin): string | undefined {
  if (path === undefined) return undefined
  const original = originalOf(nodeDisk(files.root, files.run), path)
  const start = programHead(files, original)?.toString("latin1", 0, 256) ?? ""
  return /^#! *\/usr\/bin\/env +(?:-S +)?([^\s=-]\S*)/.exec(start)?.[1]
}

/** In containernetworking/plugins, portmap and firewall always need it, bridge and ptp for masquerading. */
function toolOf(type: string, object: PluginObject): "iptables" | "nft" | "sh" | undefined {
  if (type === "istio-cni") return "sh"
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
