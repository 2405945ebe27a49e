import { gunzipSync } from "node:zlib"
import type { NodeFiles } from "../install/detect/node-files.ts"

/** `available`: the kernel loads it on demand. `unknown`: none of the sources can be read. */
export type ModuleState = "loaded" | "builtin" | "available" | "absent" | "unknown"

export type Kernel = {
  release?: string
  module(name: ModuleName): ModuleState
  /** for example `net/ipv4/ip_forward`; undefined if it cannot be read */
  sysctl(path: string): string | undefined
}

/** The modules that plugins require, with their keys in the kernel configuration. */
export const MODULES = {
  "8021q": "VLAN_8021Q",
  br_netfilter: "BRIDGE_NETFILTER",
  bridge: "BRIDGE",
  dummy: "DUMMY",
  ifb: "IFB",
  ipvlan: "IPVLAN",
  macvlan: "MACVLAN",
  nf_nat: "NF_NAT",
  overlay: "OVERLAY_FS",
  sch_tbf: "NET_SCH_TBF",
  tun: "TUN",
  veth: "VETH",
  vrf: "NET_VRF",
  vxlan: "VXLAN",
  xt_MASQUERADE: "NETFILTER_XT_TARGET_MASQUERADE",
  xt_comment: "NETFILTER_XT_MATCH_COMMENT",
  xt_mark: "NETFILTER_XT_MARK",
  xt_multiport: "NETFILTER_XT_MATCH_MULTIPORT",
} as const

export type ModuleName = keyof typeof MODULES

/** Reads the running kernel, or the installed one if the node does not run and has exactly one. */
export function readKernel(files: NodeFiles): Kernel {
  const installed = ["/lib/modules", "/usr/lib/modules"]
    .map((path) => files.list(path))
    .find(({ length }) => length > 0)
  const only = installed?.length === 1 ? installed[0] : undefined
  const release = files.text("/proc/sys/kernel/osrelease")?.trim() || only
  const loaded = namesOf(files.text("/proc/modules"), (line) => line.split(" ")[0] ?? "")
  const builtin = namesOf(files.text(`/lib/modules/${release}/modules.builtin`), baseName)
  const available = namesOf(files.text(`/lib/modules/${release}/modules.dep`), (line) =>
    baseName(line.split(":")[0] ?? ""),
  )
  const config = configOf(files, release)
  return {
    ...(release === undefined ? {} : { release }),
    module(name) {
      if (loaded?.has(name) || files.isDirectory(`/sys/module/${name}`)) return "loaded"
      const key = config && new RegExp(`^CONFIG_${MODULES[name]}=([ym])$`, "m").exec(config)?.[1]
      if (builtin?.has(name) || key === "y") return "builtin"
      if (available?.has(name)) return "available"
      if (available) return "absent"
      // It is configured as a module, but whether its file exists is not known.
      return config && key === undefined ? "absent" : "unknown"
    },
    sysctl: (path) => files.text(`/proc/sys/${path}`)?.trim(),
  }
}

function namesOf(text: string | undefined, name: (line: string) => string): Set<string> | undefined {
  return text === undefined ? undefined : new Set(text.split("\n").filter(Boolean).map(name))
}

function baseName(path: string): string {
  return path
    .replace(/^.*\//, "")
    .replace(/\.ko(?:\.\w+)?$/, "")
    .replaceAll("-", "_")
}

function configOf(files: NodeFiles, release: string | undefined): string | undefined {
  const packed = files.bytes("/proc/config.gz")
  if (packed) return gunzipSync(packed).toString("utf8")
  return files.text(`/boot/config-${release}`) ?? files.text(`/lib/modules/${release}/config`)
}
