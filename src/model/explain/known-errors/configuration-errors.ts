import { isObject } from "../../../cni/json.ts"
import { type Call, jsonObject } from "../../call.ts"
import { lastWorked } from "../plugin-lists.ts"
import type { KnownError } from "./known-error.ts"

/** Errors about what the list, the pod or Multus asks for. */
export const CONFIGURATION_ERRORS: readonly KnownError[] = [
  {
    pattern: /incompatible CNI versions/,
    step: () => "lower cniVersion of the list to one that the plugin supports, or update the plugin",
  },
  {
    pattern: /netns and netns from CNI_NETNS should not be the same/,
    step: () => "check why the runtime calls CNI for a pod with hostNetwork",
  },
  {
    pattern: /VF pci addr is required/,
    step: (call, _, { list }) => {
      const good = lastWorked(call.command, list)
      const compared = good ? `; cnitap diff ${call.id} ${good}` : ""
      return `stdin has no deviceID: Multus takes it from the resource that the pod requests, if the network's annotation k8s.v1.cni.cncf.io/resourceName names it${compared}`
    },
  },
  {
    pattern: /no interfaces provided/,
    step: ({ plugin, id }) => `look at the plugin before ${plugin}: its result has no interface (cnitap show ${id})`,
  },
  {
    pattern: /if rate is set, burst must also|if burst is set, rate must also|burst cannot be more/,
    step: (call) =>
      `set rate (bits per second) and burst (bits, less than 4 GB) together: stdin has ${bandwidthOf(call)}`,
  },
  {
    // Of Multus and other plugins that call delegates; the runtime's own search is in `not-found`.
    pattern: /failed to find plugin "([^"]+)" in path \[([^\]]*)\]/,
    step: ({ plugin }, [, delegate = "", path = ""]) =>
      `install ${delegate} in ${path.replaceAll(" ", " or ")}, or correct the type in the configuration from which ${plugin} calls it`,
  },
  {
    pattern: /cannot find a network-attachment-definition \(([^)]+)\) in namespace \(([^)]+)\)/,
    step: (_, [, name = "", namespace = ""]) =>
      `create network-attachment-definition ${name} in ${namespace}, or correct the pod's annotation k8s.v1.cni.cncf.io/networks (kubectl get net-attach-def -n ${namespace})`,
  },
]

/** `ingressRate 1000, ingressBurst 0`, as the runtime passes annotations of the pod. */
function bandwidthOf(call: Call): string {
  const config = jsonObject(call.stdin)
  const limits = isObject(config?.runtimeConfig) ? config.runtimeConfig.bandwidth : config
  const values = Object.entries(isObject(limits) ? limits : {}).filter(([key]) => /(?:Rate|Burst)$/.test(key))
  return values.length > 0 ? values.map(([key, value]) => `${key} ${String(value)}`).join(", ") : "neither"
}
