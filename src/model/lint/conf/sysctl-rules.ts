import { isObject } from "../../../cni/json.ts"
import type { JsonObject } from "../call-facts.ts"
import type { ConfPath, FileRule } from "./conf-file.ts"

/** The interface of a sysctl of the tuning plugin, and the path of its key in the plugin's object. */
export type InterfaceSysctl = { key: string; interfaceName: string; at: ConfPath }

export const SYSCTL_RULES: FileRule[] = [
  {
    id: "conf-sysctl-interface",
    severity: "warning",
    title: "sysctl of an interface that pods do not have",
    source: { text: "tuning, README", link: "https://www.cni.dev/plugins/current/meta/tuning/" },
    remedy:
      "Write IFNAME for the interface that the list creates: the kernel has no such file otherwise, and ADD fails.",
    check: ({ plugins }) => {
      const named = new Set(plugins.flatMap(({ config }) => [config.vrfname, config.ifName].map(String)))
      return plugins
        .filter(({ type }) => type === "tuning")
        .flatMap(({ config, path }) =>
          interfaceSysctls(config)
            // kubelet's interface is eth0, and Multus adds net1, net2 and so on.
            .filter(({ interfaceName }) => !/^(?:eth|net)\d+$/.test(interfaceName) && !named.has(interfaceName))
            .map(({ key, interfaceName, at }) => ({ detail: `${key}: ${interfaceName}`, at: [...path, ...at] })),
        )
    },
  },
]

/** The sysctls of one interface, without those that every network namespace has. */
export function interfaceSysctls({ sysctl }: JsonObject): InterfaceSysctl[] {
  if (!isObject(sysctl)) return []
  return Object.keys(sysctl).flatMap((key) => {
    const [, interfaceName = ""] = SYSCTL.exec(key) ?? []
    return interfaceName === "" || EVERYWHERE.includes(interfaceName)
      ? []
      : [{ key, interfaceName, at: ["sysctl", key] }]
  })
}

/** Keys are written with dots or slashes. */
const SYSCTL = /^net[./](?:ipv4|ipv6|mpls)[./](?:conf|neigh)[./](.+)[./][^./]+$/
/** The tuning plugin replaces IFNAME by CNI_IFNAME. */
const EVERYWHERE = ["all", "default", "lo", "IFNAME"]
