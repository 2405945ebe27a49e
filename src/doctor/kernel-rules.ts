import type { ModuleName } from "./kernel.ts"
import type { NodeRule } from "./node-finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"

/** The modules that each plugin requires. */
const REQUIRED_MODULES: Record<string, readonly ModuleName[]> = {
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
    title: "a kernel module required by a plugin is missing",
    check: (node) =>
      requiredModules(node)
        .filter(({ name }) => node.kernel.module(name) === "absent")
        .map(({ name, why }) => ({
          detail: `kernel module ${name} is missing, required by ${why.join(", ")}`,
          evidence: [`/lib/modules/${node.kernel.release ?? "?"}`],
          remedy: `Install the kernel's additional modules (package linux-modules-extra or kernel-modules), then run modprobe ${name}.`,
          // Only flannel's VXLAN backend requires vxlan, and only pods with a bandwidth limit require the other two.
          ...(["vxlan", "ifb", "sch_tbf"].includes(name) ? { severity: "warning" as const } : {}),
        })),
  },
  {
    id: "kernel-unknown",
    severity: "note",
    title: "cannot determine which modules the kernel has",
    check: (node) => {
      const unknown = requiredModules(node).filter(({ name }) => node.kernel.module(name) === "unknown")
      if (unknown.length === 0) return []
      const { release } = node.kernel
      return [
        {
          detail: `cannot determine whether the kernel has ${unknown.map(({ name }) => name).join(", ")}`,
          evidence: ["/proc/modules", `/lib/modules/${release ?? "?"}/modules.dep`],
          remedy: `Run modprobe -n ${unknown.map(({ name }) => name).join(" ")} on the node.`,
        },
      ]
    },
  },
  {
    id: "bridge-netfilter-off",
    severity: "warning",
    title: "bridged traffic bypasses iptables, so Services fail between pods on the same node",
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
            "Run modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1; make it permanent in /etc/modules-load.d and /etc/sysctl.d.",
        },
      ]
    },
  },
  {
    id: "forwarding-off",
    severity: "warning",
    title: "IP forwarding is off, so pods cannot reach anything outside the node",
    check: ({ active, kernel, reservations }) => {
      if (active.length === 0 || kernel.sysctl("net/ipv4/ip_forward") !== "0") return []
      return [
        {
          detail: "net.ipv4.ip_forward is 0",
          evidence: ["/proc/sys/net/ipv4/ip_forward"],
          remedy: "Run sysctl -w net.ipv4.ip_forward=1; make it permanent in /etc/sysctl.d.",
          // Most plugins and agents enable it with the first pod.
          ...(reservations.length === 0 ? { severity: "note" as const } : {}),
        },
      ]
    },
  },
]

function requiredModules({ executed, facts }: NodeSnapshot): { name: ModuleName; why: string[] }[] {
  const required = new Map<ModuleName, string[]>()
  const add = (name: ModuleName, why: string) => required.set(name, [...(required.get(name) ?? []), why])
  for (const { name } of executed) for (const module of REQUIRED_MODULES[name] ?? []) add(module, name)
  if (facts.runtime && executed.length > 0) add("overlay", `${facts.runtime.name}'s images`)
  return [...required].map(([name, why]) => ({ name, why }))
}
