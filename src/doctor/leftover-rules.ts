import { basename, join } from "node:path"
import { HOME, layoutOf, newConfiguration, savedConfiguration } from "../install/disk/layout.ts"
import type { NodeRule } from "./node-finding.ts"

const BAK = ".cilium_bak"

export const LEFTOVER_RULES: NodeRule[] = [
  {
    id: "cilium-leftover",
    severity: "warning",
    title: "network configurations that Cilium renamed are left, and Cilium is not running",
    check: ({ facts: { confDir, agents }, active, files }) => {
      if (agents.some(({ name }) => name === "cilium")) return []
      const renamed = files.list(confDir.value).filter((name) => name.endsWith(BAK))
      if (renamed.length === 0) return []
      const commands = renamed.map((name) => {
        const path = join(confDir.value, name)
        return active.length > 0 ? `rm ${path}` : `mv ${path} ${path.slice(0, -BAK.length)}`
      })
      return [
        {
          detail: `Cilium left ${renamed.join(", ")} behind`,
          evidence: renamed.map((name) => join(confDir.value, name)),
          remedy: commands.join(" && "),
          ...(active.length === 0 ? { severity: "error" as const } : {}),
        },
      ]
    },
  },
  {
    id: "cnitap-unfinished",
    severity: "warning",
    title: "an install or uninstall of cnitap was interrupted",
    check: ({ facts: { confDir, networks }, installDirs, files }) => {
      const configurations = networks.map(({ file }) => newConfiguration(file)).filter((path) => files.exists(path))
      const stages = installDirs.flatMap((binDir) => {
        const { stage, trialHome } = layoutOf(binDir)
        return files
          .list(stage)
          .filter((name) => name !== basename(trialHome))
          .map((name) => join(stage, name))
      })
      const found = [...configurations, ...stages]
      if (found.length === 0) return []
      return [
        {
          detail: `unfinished: ${found.join(", ")}`,
          evidence: [...found, confDir.value],
          remedy: "Run cnitap uninstall.",
        },
      ]
    },
  },
  {
    id: "cnitap-without-journal",
    severity: "error",
    title: "original plugins saved by cnitap exist, but the journal that describes them is missing",
    check: ({ installDirs, files }) =>
      installDirs.flatMap((binDir) => {
        const { real, journal } = layoutOf(binDir)
        const originals = files.list(real)
        if (originals.length === 0 || files.exists(journal)) return []
        return [
          {
            detail: `${real} has ${originals.join(", ")}, but ${journal} is missing`,
            evidence: [real, journal],
            remedy: `Move each file of ${real} back to ${binDir} if a relay is in its place, then run rm -r ${join(binDir, HOME)}.`,
          },
        ]
      }),
  },
  {
    id: "cnitap-list-saved",
    severity: "warning",
    title: "cnitap has a saved copy of a network configuration that no longer names its probes",
    check: ({ facts: { networks }, files }) =>
      networks.flatMap(({ file, plugins }) => {
        const saved = savedConfiguration(file)
        if (!files.exists(saved) || plugins.some(({ type }) => type === "cni_pre" || type === "cni_post")) return []
        return [
          {
            detail: `another program has rewritten ${file} since cnitap edited it`,
            evidence: [saved, file],
            remedy: "Run cnitap uninstall, or cnitap install --mode chain again.",
          },
        ]
      }),
  },
]
