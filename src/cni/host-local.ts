import { isObject } from "./json.ts"

/** One address range of host-local's configuration: the object as written, and its path inside the ipam section. */
export type HostLocalRange = { range: Record<string, unknown>; at: (string | number)[] }

/**
 * The sets of ranges of an ipam section; each pod gets one address of each set. `ranges` is a list of sets; the older
 * form has a single range in the section itself, which host-local puts first. Empty if the section is not host-local's.
 */
export function hostLocalRangeSets(ipam: unknown): HostLocalRange[][] {
  if (!isObject(ipam) || ipam.type !== "host-local") return []
  const sets: unknown[] = Array.isArray(ipam.ranges) ? ipam.ranges : []
  return [
    ...("subnet" in ipam ? [[{ range: ipam, at: [] }]] : []),
    ...sets.map((set, outer) =>
      (Array.isArray(set) ? set : []).flatMap((range: unknown, inner) =>
        isObject(range) ? [{ range, at: ["ranges", outer, inner] }] : [],
      ),
    ),
  ]
}
