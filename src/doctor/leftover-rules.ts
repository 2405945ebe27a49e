import { basename, join } from "node:path"
import { HOME, layoutOf, newConfiguration, savedConfiguration } from "../install/disk/layout.ts"
import type { NodeRule } from "./node-finding.ts"

const BAK = ".cilium_bak"

export const LEFTOVER_RULES: NodeRule[] = [
  {
    id: "cilium-leftover",
    severity: "warning",
    title: "Cilium renamed network configurations, and is gone",
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
          detail: `Cilium left ${renamed.join(", ")}`,
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
    title: "an install or uninstall of cnitap did not come to its end",
    check: ({ facts: { confDir, networks }, homes, files }) => {
      const configurations = networks.map(({ file }) => newConfiguration(file)).filter((path) => files.exists(path))
      const stages = homes.flatMap((binDir) => {
        const { stage, door } = layoutOf(binDir)
        return files
          .list(stage)
          .filter((name) => name !== basename(door))
          .map((name) => join(stage, name))
      })
      const found = [...configurations, ...stages]
      if (found.length === 0) return []
      return [
        { detail: `unfinished: ${found.join(", ")}`, evidence: [...found, confDir.value], remedy: "cnitap uninstall" },
      ]
    },
  },
  {
    id: "cnitap-without-journal",
    severity: "error",
    title: "originals of cnitap are there, and the journal that tells what they are is not",
    check: ({ homes, files }) =>
      homes.flatMap((binDir) => {
        const { real, journal } = layoutOf(binDir)
        const originals = files.list(real)
        if (originals.length === 0 || files.exists(journal)) return []
        return [
          {
            detail: `${originals.join(", ")} in ${real}, and no journal`,
            evidence: [real, journal],
            remedy: `mv ${real}/* ${binDir}/, where a relay stands in their place; then rm -r ${join(binDir, HOME)}`,
          },
        ]
      }),
  },
  {
    id: "cnitap-list-saved",
    severity: "warning",
    title: "a saved network configuration of cnitap is there, and its list has no probe",
    check: ({ facts: { networks }, files }) =>
      networks.flatMap(({ file, plugins }) => {
        const saved = savedConfiguration(file)
        if (!files.exists(saved) || plugins.some(({ type }) => type === "cni_pre" || type === "cni_post")) return []
        return [
          {
            detail: `${file} was written by somebody else since`,
            evidence: [saved, file],
            remedy: "cnitap uninstall, or cnitap install --mode chain again",
          },
        ]
      }),
  },
]
