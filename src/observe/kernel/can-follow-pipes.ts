import { closeSync } from "node:fs"
import type { Bpf } from "./bpf.ts"
import { detach } from "./pipe-programs.ts"
import { preparePrograms } from "./prepared-programs.ts"

/**
 * Whether this kernel lets an observer follow pipes by their own functions, so that nothing else takes longer. Where it does
 * not, every system call of the node does. This is tried, because a kernel that has all that is necessary may forbid it.
 * Nothing stays attached. Throws a Fault if the kernel has no types or this process lacks the permission.
 */
export function canFollowPipes(bpf: Bpf): boolean {
  const { maps, attachToPipes } = preparePrograms(bpf, { levelsAbove: 0, streamBytes: 0, textBytes: 0 })
  const programs = attachToPipes()
  detach(programs)
  for (const map of maps.values()) closeSync(map)
  return programs.length > 0
}
