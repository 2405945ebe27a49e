import { basename } from "node:path"
import type { Network } from "../install/detect/node-facts.ts"
import { DEFAULT_BEHAVIOUR } from "../install/detect/runtimes/runtime.ts"
import { isAboutText } from "../model/lint/conf/lint-conf.ts"
import { lintNetwork } from "./lint-network.ts"
import type { NodeRule } from "./node-finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"
import { writableByOthers } from "./permission.ts"

export const NETWORK_RULES: NodeRule[] = [
  {
    id: "conf-dir-missing",
    severity: "error",
    title: "the network configuration directory is missing",
    check: ({ facts: { confDir }, files }) =>
      files.isDirectory(confDir.value)
        ? []
        : [
            {
              detail: `${confDir.value} is missing (${confDir.from})`,
              evidence: [confDir.value],
              remedy: `Run mkdir -p ${confDir.value}, then restart the network agent, which writes its list there.`,
            },
          ],
  },
  {
    id: "network-missing",
    severity: "error",
    title: "there is no network configuration",
    check: ({ facts, files }) => {
      const { confDir, networks, runtime } = facts
      if (networks.length > 0 || !files.isDirectory(confDir.value)) return []
      return [
        {
          detail: `${confDir.value} has no .conf, .conflist or .json file, so the node stays NotReady`,
          evidence: [confDir.value],
          remedy: "Restart the network agent, which writes its list there.",
          ...(runtime?.behaviour.createsDefaultNetwork ? { severity: "note" as const } : {}),
        },
      ]
    },
  },
  {
    id: "network-broken",
    severity: "error",
    title: "a network configuration cannot be loaded",
    check: (node) => node.facts.networks.flatMap((network) => brokenHits(node, network)),
  },
  {
    id: "network-default-missing",
    severity: "error",
    title: "no network configuration has the name of the default network",
    check: ({ facts: { runtime, confDir }, active }) => {
      if (runtime?.behaviour.selection.by !== "name" || active.length > 0) return []
      const { name, key } = runtime.behaviour.selection
      return [
        {
          detail: `${runtime.name} is configured to use the network "${name}", and no list has that name`,
          evidence: [confDir.value, ...runtime.evidence.slice(1)],
          remedy: `Set ${key} to the name of a list in ${confDir.value}, or remove it; then ${runtime.pathSetting.restart}.`,
        },
      ]
    },
  },
  {
    id: "network-several",
    severity: "warning",
    title: "there are several network configurations; the runtime uses the first",
    check: ({ facts: { networks, runtime }, active: [first, ...more] }) => {
      if (runtime?.behaviour.selection.by === "container" || !first || more.length > 0) return []
      const others = networks.filter(({ file }) => file !== first.file)
      if (others.length === 0) return []
      const isExpected = first.plugins.some(({ type }) => type.startsWith("multus")) || isIstioList(first)
      return [
        {
          detail: `the runtime uses ${basename(first.file)} and ignores ${others.map(({ file }) => basename(file)).join(", ")}`,
          evidence: others.map(({ file }) => file),
          remedy: isExpected
            ? "No action needed: the plugin of the first list uses the others."
            : `If they belong to a former network, remove them: rm ${others.map(({ file }) => file).join(" ")}`,
          ...(isExpected ? { severity: "note" as const } : {}),
        },
      ]
    },
  },
  {
    id: "network-name-twice",
    severity: "warning",
    title: "two network configurations have the same name",
    check: ({ facts: { networks } }) =>
      networks.flatMap(({ file, name }, at) => {
        const first = networks.findIndex((other) => other.name === name)
        const earlier = networks[first]
        // Istio writes its own copy of the primary list.
        if (name === undefined || name === "" || first === at || !earlier || isIstioList(earlier)) return []
        return [
          {
            detail: `both are named ${name}; caches and address stores are keyed by that name`,
            evidence: [earlier.file, file],
            remedy: `Give ${file} another name, or remove it.`,
          },
        ]
      }),
  },
  {
    id: "network-open",
    severity: "error",
    title: "users other than root can change a network configuration, and so what runs as root",
    check: ({ facts: { confDir, networks }, files }) =>
      [confDir.value, ...networks.map(({ file }) => file)].flatMap((path) => writableByOthers(files, path)),
  },
  {
    id: "network-lint",
    severity: "warning",
    title: "the active list violates a lint rule",
    check: ({ active, files }) =>
      active.flatMap(({ file }) =>
        lintNetwork(files, file).map(({ rule, severity, title, detail, line, remedy }) => ({
          detail: `${title}${detail ? `: ${detail}` : ""} (${rule})`,
          evidence: [`${file}:${line}`],
          remedy,
          severity,
        })),
      ),
  },
]

function brokenHits({ facts: { networks, runtime }, active, files }: NodeSnapshot, { file, broken }: Network) {
  if (broken === undefined) return []
  const at = networks.findIndex((network) => network.file === file)
  const { selection } = runtime?.behaviour ?? DEFAULT_BEHAVIOUR
  const takesFirst = selection.by === "first-files"
  const blocksAll = takesFirst ? selection.count <= 0 || at < selection.count : active.length === 0
  const consequence = takesFirst && blocksAll ? `; ${runtime?.name ?? "the runtime"} has no network at all then` : ""
  const flaw = broken === "it is empty" ? undefined : lintNetwork(files, file).find(({ rule }) => isAboutText(rule))
  return [
    {
      detail: `${flaw ? [flaw.title, flaw.detail].filter(Boolean).join(": ") : broken}${consequence}`,
      evidence: [flaw ? `${file}:${flaw.line}` : file],
      remedy:
        broken === "it is empty"
          ? `Run rm ${file}, then restart the agent that writes it.`
          : flaw
            ? `${file}: ${flaw.remedy}`
            : `Fix ${file}, or remove it.`,
      ...(blocksAll ? {} : { severity: "warning" as const }),
    },
  ]
}

function isIstioList({ file }: Network): boolean {
  return basename(file) === "02-istio-cni.conflist"
}
