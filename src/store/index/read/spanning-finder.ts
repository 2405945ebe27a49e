import { LONGEST_CALL_MS } from "../../../model/grouping/call-table.ts"
import { SAME_LIST_MS } from "../../../model/grouping/group-calls.ts"
import type { Segment } from "../../capture/segments.ts"
import type { BlockHeader } from "../block.ts"
import { type ClockEpoch, mergeClockEpochs } from "../clock-order.ts"
import { type ColumnPrefix, type Columns, idAt } from "../columns.ts"
import { BlockBuffer, type IndexFile } from "../index-file.ts"

/** A block that can be read. */
export type BlockRef = { segment: Segment; index: IndexFile; number: number; header: BlockHeader }

/** Tells which operations of a block may go on in another one: they are taken apart and put together anew. */
export class SpanningFinder {
  readonly #blocks: readonly BlockRef[]
  /** of each block, 1 for every operation that crosses */
  readonly #marks = new Map<BlockRef, Uint8Array>()
  readonly #loose: UnkeyedOperation[] = []
  /** between nodes wall clocks decide, and one that was set brings between two calls what was made hours away */
  readonly #isOrderOfTime: boolean

  constructor(blocks: readonly BlockRef[]) {
    this.#blocks = blocks
    const stretches = mergeClockEpochs(blocks.flatMap(({ header }) => header.clockEpochs))
    this.#isOrderOfTime = !wasClockSet(stretches) || nodesOf(stretches).size === 1
    const window = new BlockBuffer()
    const families: Uint32Array[] = []
    const owners = new Set(blocks.flatMap(({ header }) => header.dangling))
    for (const ref of blocks) {
      const front = ref.index.prefix(ref.number, window)
      const { from, family, owner } = front.operations
      const marks = new Uint8Array(from.length)
      this.#marks.set(ref, marks)
      families.push(family.slice())
      // The node's clock was set: in which order its calls were made, all blocks together tell.
      if (wasClockSet(ref.header.clockEpochs)) marks.fill(1)
      for (const operation of ref.header.open) marks[operation] = 1
      for (let operation = 0; operation < from.length; operation++) {
        const own = owner[operation] ?? 0
        if (own === 0) this.#loose.push(looseAt(ref, front, operation))
        else if (owners.size > 0 && owners.has(own)) marks[operation] = 1
      }
    }
    this.#markFamilies(families)
    this.#markLoose()
  }

  /** Whether an operation of the block crosses; operations are asked by their number. */
  test(ref: BlockRef): (operation: number) => boolean {
    const marks = this.#marks.get(ref)
    return (operation) => marks?.[operation] === 1
  }

  /** Calls of other families name these as their parents. */
  addParents(ids: ReadonlySet<string>): void {
    const window = new BlockBuffer()
    for (const ref of this.#blocks) {
      const { columns } = ref.index.block(ref.number, window)
      const { from } = columns.operations
      const marks = this.#marks.get(ref)
      for (let operation = 0; marks && operation < from.length; operation++)
        if (holdsId(columns, operation, ids)) marks[operation] = 1
    }
    this.#markLoose()
  }

  /** Calls of several blocks may be of one operation where they are of one family. */
  #markFamilies(families: readonly Uint32Array[]): void {
    const crosses = crossingFamilies(this.#blocks, families)
    for (const [at, ref] of this.#blocks.entries()) {
      const marks = this.#marks.get(ref)
      const own = families[at]
      if (!marks || !own) continue
      for (let operation = 0; operation < own.length; operation++)
        if (crosses(own[operation] ?? 0)) marks[operation] = 1
      for (const [operation, more] of ref.header.mixed) if (more.some(crosses)) marks[operation] = 1
    }
  }

  /**
   * What is near something that crosses may be of its list, or keep a third from it: of operations that follow each
   * other at once, all cross where one does, or where they are of several blocks.
   */
  #markLoose(): void {
    const crosses = ({ ref, operation }: UnkeyedOperation) => this.#marks.get(ref)?.[operation] === 1
    const untilMs = (one: UnkeyedOperation) => one.toMs + (crosses(one) ? LONGEST_CALL_MS : SAME_LIST_MS)
    let near: UnkeyedOperation[] = []
    let nearMs = Number.NEGATIVE_INFINITY
    const end = () => {
      const isCrossing = !this.#isOrderOfTime || near.some((one) => one.ref !== near[0]?.ref || crosses(one))
      if (isCrossing) for (const { ref, operation } of near) this.#marks.get(ref)?.fill(1, operation, operation + 1)
    }
    for (const one of this.#loose.sort((a, b) => a.fromMs - b.fromMs)) {
      if (one.fromMs > nearMs) {
        end()
        near = []
      }
      near.push(one)
      nearMs = Math.max(nearMs, untilMs(one))
    }
    end()
  }
}

/** An operation without a container (STATUS, GC): only time tells what belongs together. Monotonic milliseconds. */
type UnkeyedOperation = { ref: BlockRef; operation: number; fromMs: number; toMs: number }

function looseAt(ref: BlockRef, { numbers, operations, rows }: ColumnPrefix, operation: number): UnkeyedOperation {
  const from = operations.from[operation] ?? 0
  const end = operations.from[operation + 1] ?? rows
  const fromMs = numbers.monoMs[from] ?? 0
  let toMs = fromMs
  for (let row = from; row < end; row++)
    toMs = Math.max(toMs, (numbers.monoMs[row] ?? 0) + (numbers.durationMs[row] || 0))
  return { ref, operation, fromMs, toMs }
}

function wasClockSet(stretches: readonly ClockEpoch[]): boolean {
  return nodesOf(stretches).size < stretches.length
}

function nodesOf(stretches: readonly ClockEpoch[]): Set<string> {
  return new Set(stretches.map(({ node }) => node))
}

/** Families are hashes, and so their own places in a table: there may be hundreds of thousands. */
function crossingFamilies(blocks: readonly BlockRef[], families: readonly Uint32Array[]): (family: number) => boolean {
  const count = blocks.reduce((sum, { header }) => sum + header.shape.operations + header.mixed.flat(2).length, 0)
  const mask = 2 ** Math.ceil(Math.log2(2 * count + 1)) - 1
  const seen = new Uint32Array(mask + 1)
  const seenIn = new Uint32Array(mask + 1)
  const crosses = new Uint8Array(mask + 1)
  const placeOf = (family: number) => {
    let place = family & mask
    while (seen[place] !== 0 && seen[place] !== family) place = (place + 1) & mask
    return place
  }
  const see = (family: number, block: number) => {
    const place = placeOf(family)
    if (seen[place] === family && seenIn[place] !== block) crosses[place] = 1
    seen[place] = family
    seenIn[place] = block
  }
  for (const [block, { header }] of blocks.entries()) {
    const own = families[block] ?? new Uint32Array()
    for (let operation = 0; operation < own.length; operation++) see(own[operation] ?? 0, block)
    for (const [, more] of header.mixed) for (const family of more) see(family, block)
    // The end line that may lie elsewhere decides what else of its family is of the same list.
    for (const operation of header.open) crosses[placeOf(own[operation] ?? 0)] = 1
  }
  return (family) => family !== 0 && crosses[placeOf(family)] === 1
}

function holdsId(columns: Columns, operation: number, ids: ReadonlySet<string>): boolean {
  const { from } = columns.operations
  const end = from[operation + 1] ?? columns.rows
  for (let row = from[operation] ?? 0; row < end; row++) if (ids.has(idAt(columns, row))) return true
  return false
}
