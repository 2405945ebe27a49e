import { basename } from "node:path"
import type { Network } from "../install/detect/node-facts.ts"
import { lintConf } from "../model/lint/lint-conf.ts"
import type { NodeRule } from "./node-finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"
import { opennessOf } from "./permission.ts"

export const NETWORK_RULES: NodeRule[] = [
  {
    id: "conf-dir-missing",
    severity: "error",
    title: "the directory of network configurations is missing",
    check: ({ facts: { confDir }, files }) =>
      files.isDirectory(confDir.value)
        ? []
        : [
            {
              detail: `${confDir.value} is missing (${confDir.from})`,
              evidence: [confDir.value],
              remedy: `mkdir -p ${confDir.value}, then restart the agent of the pod network, which writes its list there`,
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
          detail: `the node stays NotReady: ${confDir.value} holds no .conf, .conflist or .json`,
          evidence: [confDir.value],
          remedy: "Restart the agent of the pod network, which writes its list there.",
          // podman makes its default network by itself.
          ...(runtime?.name === "podman" ? { severity: "note" as const } : {}),
        },
      ]
    },
  },
  {
    id: "network-broken",
    severity: "error",
    title: "a network configuration cannot be loaded",
    check: (patient) => patient.facts.networks.flatMap((network) => brokenHits(patient, network)),
  },
  {
    id: "network-default-missing",
    severity: "error",
    title: "the default network is not among the configurations",
    check: ({ facts: { runtime, confDir }, active }) =>
      runtime?.name !== "cri-o" || runtime.defaultNetwork === undefined || active.length > 0
        ? []
        : [
            {
              detail: `CRI-O waits for a network ${runtime.defaultNetwork}`,
              evidence: [confDir.value, ...runtime.evidence.slice(1)],
              remedy: `Set cni_default_network to a name of a list in ${confDir.value}, or take it out; then ${runtime.pathSetting.restart}.`,
            },
          ],
  },
  {
    id: "network-several",
    severity: "warning",
    title: "several network configurations, of which the first wins",
    check: ({ facts: { networks, runtime }, active: [first, ...more] }) => {
      if (runtime?.name === "podman" || !first || more.length > 0) return []
      const others = networks.filter(({ file }) => file !== first.file)
      if (others.length === 0) return []
      const isMeant = first.plugins.some(({ type }) => type.startsWith("multus")) || isIstios(first)
      return [
        {
          detail: `${basename(first.file)} is in use, ${others.map(({ file }) => basename(file)).join(", ")} not`,
          evidence: others.map(({ file }) => file),
          remedy: isMeant
            ? "Leave it: the first one works with the others."
            : `Remove what is left of a former network: rm ${others.map(({ file }) => file).join(" ")}`,
          ...(isMeant ? { severity: "note" as const } : {}),
        },
      ]
    },
  },
  {
    id: "network-name-twice",
    severity: "warning",
    title: "two network configurations have one name",
    check: ({ facts: { networks } }) =>
      networks.flatMap(({ file, name }, at) => {
        const first = networks.findIndex((other) => other.name === name)
        const earlier = networks[first]
        // Istio's own list is a copy of the primary one.
        if (name === undefined || name === "" || first === at || !earlier || isIstios(earlier)) return []
        return [
          {
            detail: `both are named ${name}, which is what caches and address stores are keyed by`,
            evidence: [earlier.file, file],
            remedy: `Give ${file} another name, or remove it.`,
          },
        ]
      }),
  },
  {
    id: "network-open",
    severity: "error",
    title: "others than root may change a network configuration, and with it what runs as root",
    check: ({ facts: { confDir, networks }, files }) =>
      [confDir.value, ...networks.map(({ file }) => file)].flatMap((path) => opennessOf(files, path)),
  },
  {
    id: "network-lint",
    severity: "warning",
    title: "the list in use breaks a rule of the specification",
    check: ({ active, files }) =>
      active.flatMap(({ file }) =>
        lintConf(file, files.text(file) ?? "").map(({ rule, severity, title, detail, line, remedy }) => ({
          detail: `${title}${detail ? `: ${detail}` : ""} (${rule})`,
          evidence: [`${file}:${line}`],
          remedy,
          severity,
        })),
      ),
  },
]

function brokenHits({ facts: { networks, runtime }, active }: NodeSnapshot, { file, broken }: Network) {
  if (broken === undefined) return []
  const at = networks.findIndex((network) => network.file === file)
  const isContainerds = runtime === undefined || runtime.name === "containerd"
  const wanted = runtime?.maxConfNum ?? 1
  const decides = isContainerds ? wanted <= 0 || at < wanted : active.length === 0
  const what = isContainerds && decides ? "; containerd then has no network at all" : ""
  return [
    {
      detail: `${broken}${what}`,
      evidence: [file],
      remedy:
        broken === "it is empty"
          ? `rm ${file}, then restart the agent that writes it`
          : `Correct ${file}, or remove it.`,
      ...(decides ? {} : { severity: "warning" as const }),
    },
  ]
}

function isIstios({ file }: Network): boolean {
  return basename(file) === "02-istio-cni.conflist"
}
