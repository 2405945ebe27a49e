import { isObject } from "../../../cni/json.ts"
import type { JsonObject } from "../call-facts.ts"
import { issue } from "../rule-source.ts"
import type { ConfPath, FileHit, FileRule } from "./conf-file.ts"

/** Limits of the bandwidth plugin, in bits per second and bits (plugins/meta/bandwidth/main.go). */
export const BANDWIDTH_RULES: FileRule[] = [
  {
    id: "conf-bandwidth-limit",
    isDisprovedBySuccess: true,
    severity: "error",
    title: "rate and burst that the bandwidth plugin does not accept",
    source: issue("kubernetes/kubernetes#70014"),
    remedy: "Set both or neither; a burst is at most 4 GiB, that is 34359738359 bits.",
    check: ({ plugins }) =>
      plugins.flatMap(({ config, path, type }) => {
        if (type !== "bandwidth") return []
        const { runtimeConfig } = config
        const given = isObject(runtimeConfig) ? runtimeConfig.bandwidth : undefined
        return [
          ...limitHits(config, path),
          ...(isObject(given) ? limitHits(given, [...path, "runtimeConfig", "bandwidth"]) : []),
        ]
      }),
  },
]

/** The plugin divides the burst by 8 and passes it to the kernel as a 32-bit number. */
const MAX_BURST_BITS = 0xffffffff * 8

function limitHits(limits: JsonObject, path: ConfPath): FileHit[] {
  // containerd writes these keys with a capital letter.
  const limit = (name: string) => {
    const key = Object.keys(limits).find((given) => given.toLowerCase() === name.toLowerCase())
    const value = key === undefined ? 0 : limits[key]
    return {
      key: key ?? name,
      at: key === undefined ? path : [...path, key],
      bits: typeof value === "number" ? value : 0,
    }
  }
  return (["ingress", "egress"] as const).flatMap((direction) => {
    const rate = limit(`${direction}Rate`)
    const burst = limit(`${direction}Burst`)
    if (rate.bits > 0 && burst.bits === 0)
      return [{ detail: `${rate.key} is ${rate.bits} bit/s, and ${burst.key} is 0 bits`, at: burst.at }]
    if (burst.bits > 0 && rate.bits === 0)
      return [{ detail: `${burst.key} is ${burst.bits} bits, and ${rate.key} is 0 bit/s`, at: rate.at }]
    if (burst.bits >= MAX_BURST_BITS)
      return [{ detail: `${burst.key} is ${burst.bits} bits, and the largest is ${MAX_BURST_BITS - 1}`, at: burst.at }]
    return []
  })
}
