import type { FaultCode } from "../../../fault/fault.ts"
import type { ByteRange } from "../block.ts"
import { type BuiltBlock, buildBlock } from "./build-block.ts"
import { searchBlock } from "./search-block.ts"

/** Work on one block of a segment: build its columns or, with a prefilter, search it for candidate lines. */
export type Job = { path: string; name: string; range: ByteRange; prefilter?: string }
export type Done = { built: BuiltBlock } | { found: Float64Array }
/** A Fault cannot be sent between threads; its parts can. */
export type WorkerMessage = Done | { fault: { code: FaultCode; message: string; hint: string } }

export function work({ path, name, range, prefilter }: Job): Done {
  return prefilter === undefined
    ? { built: buildBlock(path, name, range) }
    : { found: searchBlock(path, range, prefilter) }
}
