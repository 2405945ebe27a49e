import type { ModuleName } from "./kernel.ts"
import type { NodeRule } from "./node-finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"

/** What each plugin fails without. */
const NEEDS: Record<string, readonly ModuleName[]> = {
  bandwidth: ["sch_tbf", "ifb"],
  bridge: ["bridge", "veth"],
  calico: ["veth"],
  "cilium-cni": ["veth"],
  dummy: ["dummy"],
  firewall: ["nf_nat", "xt_comment"],
  flannel: ["vxlan"],
  ipvlan: ["ipvlan"],
  macvlan: ["macvlan"],
  portmap: ["nf_nat", "xt_comment", "xt_mark", "xt_multiport", "xt_MASQUERADE"],
  ptp: ["veth"],
  tap: ["tun"],
  vlan: ["8021q"],
  vrf: ["vrf"],
}

export const KERNEL_RULES: NodeRule[] = [
  {
    id: "kernel-module-missing",
    severity: "error",
    title: "the kernel has not what a plugin needs",
    check: (patient) =>
      needed(patient)
        .filter(({ name }) => patient.kernel.module(name) === "absent")
        .map(({ name, why }) => ({
          detail: `the kernel has no ${name}, for ${why.join(", ")}`,
          evidence: [`/lib/modules/${patient.kernel.release ?? "?"}`],
          remedy: `Install the package with the kernel's other modules (linux-modules-extra, kernel-modules), then modprobe ${name}.`,
          // Only flannel's VXLAN backend needs it, and only pods with a shaped bandwidth need these.
          ...(["vxlan", "ifb", "sch_tbf"].includes(name) ? { severity: "warning" as const } : {}),
        })),
  },
  {
    id: "kernel-unknown",
    severity: "note",
    title: "nothing tells which modules the kernel has",
    check: (patient) => {
      const unknown = needed(patient).filter(({ name }) => patient.kernel.module(name) === "unknown")
      if (unknown.length === 0) return []
      const { release } = patient.kernel
      return [
        {
          detail: `it is not known whether the kernel has ${unknown.map(({ name }) => name).join(", ")}`,
          evidence: ["/proc/modules", `/lib/modules/${release ?? "?"}/modules.dep`],
          remedy: `Run modprobe -n ${unknown.map(({ name }) => name).join(" ")} on the node.`,
        },
      ]
    },
  },
  {
    id: "bridge-netfilter-off",
    severity: "warning",
    title: "iptables does not see what crosses a bridge: Services fail between pods of one node",
    check: ({ executed, kernel, files }) => {
      const usesBridge = executed.some(({ name }) => name === "bridge")
      if (!usesBridge || !files.exists("/var/lib/kubelet")) return []
      const path = "net/bridge/bridge-nf-call-iptables"
      const value = kernel.sysctl(path)
      if (value === "1") return []
      const state = kernel.module("br_netfilter")
      if (value === undefined && state !== "available") return []
      return [
        {
          detail: value === undefined ? "br_netfilter is not loaded" : `${path.replaceAll("/", ".")} is ${value}`,
          evidence: [value === undefined ? "/proc/modules" : `/proc/sys/${path}`],
          remedy:
            "modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1, and in /etc/modules-load.d and /etc/sysctl.d for the next boot",
        },
      ]
    },
  },
  {
    id: "forwarding-off",
    severity: "warning",
    title: "the kernel does not forward: pods reach nothing beyond the node",
    check: ({ active, kernel, reservations }) => {
      if (active.length === 0 || kernel.sysctl("net/ipv4/ip_forward") !== "0") return []
      return [
        {
          detail: "net.ipv4.ip_forward is 0",
          evidence: ["/proc/sys/net/ipv4/ip_forward"],
          remedy: "sysctl -w net.ipv4.ip_forward=1, and in /etc/sysctl.d for the next boot",
          // Most plugins and agents set it themselves with the first pod.
          ...(reservations.length === 0 ? { severity: "note" as const } : {}),
        },
      ]
    },
  },
]

function needed({ executed, facts }: NodeSnapshot): { name: ModuleName; why: string[] }[] {
  const needs = new Map<ModuleName, string[]>()
  const add = (name: ModuleName, why: string) => needs.set(name, [...(needs.get(name) ?? []), why])
  for (const { name } of executed) for (const module of NEEDS[name] ?? []) add(module, name)
  if (facts.runtime && executed.length > 0) add("overlay", `${facts.runtime.name}'s images`)
  return [...needs].map(([name, why]) => ({ name, why }))
}
