import type { FaultCode } from "../../fault/fault.ts"
import type { Place } from "./block.ts"
import { type Built, buildBlock } from "./build-block.ts"
import { searchBlock } from "./search.ts"

/** What is to be done with a block of a segment: its columns be built, or lines with a needle be found. */
export type Job = { path: string; name: string; place: Place; needle?: string }
export type Done = { built: Built } | { found: Float64Array }
/** A Fault does not survive the way between threads: its parts do. */
export type Answer = Done | { fault: { code: FaultCode; message: string; hint: string } }

export function work({ path, name, place, needle }: Job): Done {
  return needle === undefined ? { built: buildBlock(path, name, place) } : { found: searchBlock(path, place, needle) }
}
