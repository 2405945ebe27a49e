import type { Progress } from "../../capture/progress.ts"
import type { Segment } from "../../capture/segments.ts"
import { type Block, blockNumber } from "../block.ts"
import { NO_LINE } from "../columns.ts"
import type { AddressLines } from "./address-lines.ts"
import type { BlockRef } from "./spanning-finder.ts"

/** Starting a thread pays off from this many bytes on. */
const THREAD_BYTES = 16 * 1024 * 1024

/** Lines that a prefilter lets through, in the blocks that were searched for it. */
export class Candidates {
  /** by segment path and block number: where the lines start in the segment */
  readonly #found = new Map<string, Map<number, ReadonlySet<number>>>()

  /** `prefilter`: what `prefilterOf` returns. */
  static async search(blocks: readonly BlockRef[], prefilter: string, progress?: Progress): Promise<Candidates> {
    const candidates = new Candidates()
    const allBytes = blocks.reduce((sum, { header }) => sum + header.toByte - header.fromByte, 0)
    const { Threads } = await import("../build/threads.ts")
    const threads = await Threads.start(Math.ceil(allBytes / THREAD_BYTES))
    let doneBytes = 0
    try {
      const search = async ({ segment: { path, name }, header, number }: BlockRef) => {
        const { fromByte, toByte } = header
        const done = await threads.work({ path, name, range: { fromByte, toByte }, prefilter })
        if ("found" in done) candidates.#put(path, number, new Set(done.found))
        doneBytes += toByte - fromByte
        progress?.(doneBytes, allBytes)
      }
      await Promise.all(blocks.map(search))
    } finally {
      await threads.close()
    }
    return candidates
  }

  /** The same for lines that are known from the indexes of all blocks. */
  static of(lines: AddressLines): Candidates {
    const candidates = new Candidates()
    for (const [{ segment, number }, found] of lines) candidates.#put(segment.path, number, found)
    return candidates
  }

  /** Whether a line may match. Every line of a block that was not searched may. */
  has({ path }: Segment, offset: number): boolean {
    return this.#found.get(path)?.get(blockNumber(offset))?.has(offset) ?? true
  }

  /** The same for the lines of a call, by its row. */
  ofRow({ segment, number }: BlockRef, { header, columns }: Block): (row: number) => boolean {
    const found = this.#found.get(segment.path)?.get(number)
    if (!found) return () => true
    const { begin, end } = columns.numbers
    const has = (at = NO_LINE) => at !== NO_LINE && found.has(header.fromByte + at)
    return found.size === 0 ? () => false : (row) => has(begin[row]) || has(end[row])
  }

  /** Whether no line of the block may match. */
  isNowhereIn({ segment, number }: BlockRef): boolean {
    return this.#found.get(segment.path)?.get(number)?.size === 0
  }

  #put(path: string, number: number, found: ReadonlySet<number>): void {
    const blocks = this.#found.get(path) ?? new Map<number, ReadonlySet<number>>()
    this.#found.set(path, blocks)
    blocks.set(number, found)
  }
}
