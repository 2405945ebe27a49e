import type { Segment } from "../capture/segments.ts"
import { type Block, blockNumber } from "./block.ts"
import { NOWHERE } from "./columns.ts"
import type { Progress } from "./indexes.ts"
import type { BlockRef } from "./spanning.ts"
import { Threads } from "./threads.ts"

/** A thread is worth starting for so much. */
const THREAD_BYTES = 16 * 1024 * 1024

/** Lines in which a needle was found, in the blocks that were searched for it. */
export class Candidates {
  /** by segment and number of the block, where lines start in the segment */
  readonly #found = new Map<string, Map<number, Set<number>>>()

  /** Source of the needle: `needleOf`. */
  static async search(blocks: readonly BlockRef[], needle: string, progress?: Progress): Promise<Candidates> {
    const hits = new Candidates()
    const allBytes = blocks.reduce((sum, { head }) => sum + head.toByte - head.fromByte, 0)
    const threads = new Threads(Math.ceil(allBytes / THREAD_BYTES))
    let doneBytes = 0
    try {
      const search = async ({ segment: { path, name }, head, number }: BlockRef) => {
        const { fromByte, toByte } = head
        const done = await threads.work({ path, name, place: { fromByte, toByte }, needle })
        if ("found" in done) hits.#put(path, number, done.found)
        doneBytes += toByte - fromByte
        progress?.(doneBytes, allBytes)
      }
      await Promise.all(blocks.map(search))
    } finally {
      await threads.close()
    }
    return hits
  }

  /** Whether a line may hold the needle: those of a block that was not searched may. */
  has({ path }: Segment, offset: number): boolean {
    return this.#found.get(path)?.get(blockNumber(offset))?.has(offset) ?? true
  }

  /** The same of the lines of a call. */
  ofRow({ segment, number }: BlockRef, { head, columns }: Block): (row: number) => boolean {
    const found = this.#found.get(segment.path)?.get(number)
    if (!found) return () => true
    const { begin, end } = columns.numbers
    const has = (at = NOWHERE) => at !== NOWHERE && found.has(head.fromByte + at)
    return found.size === 0 ? () => false : (row) => has(begin[row]) || has(end[row])
  }

  /** Whether no line of the block holds the needle. */
  isNowhereIn({ segment, number }: BlockRef): boolean {
    return this.#found.get(segment.path)?.get(number)?.size === 0
  }

  #put(path: string, number: number, found: Float64Array): void {
    const blocks = this.#found.get(path) ?? new Map<number, Set<number>>()
    this.#found.set(path, blocks)
    blocks.set(number, new Set(found))
  }
}
