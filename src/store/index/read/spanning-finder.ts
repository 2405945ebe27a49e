import { LONGEST_CALL_MS } from "../../../model/grouping/call-table.ts"
import { SAME_LIST_MS } from "../../../model/grouping/group-calls.ts"
import type { Segment } from "../../capture/segments.ts"
import type { BlockHeader } from "../block.ts"
import { type ClockEpoch, mergeClockEpochs } from "../clock-order.ts"
import { type ColumnPrefix, type Columns, idAt } from "../columns.ts"
import { BlockBuffer, type IndexFile } from "../index-file.ts"

/** A block of an open index. */
export type BlockRef = { segment: Segment; index: IndexFile; number: number; header: BlockHeader }

/** Finds the operations of a block that may continue in another one: their calls are grouped again. */
export class SpanningFinder {
  readonly #blocks: readonly BlockRef[]
  /** by block: 1 for every spanning operation */
  readonly #marks = new Map<BlockRef, Uint8Array>()
  readonly #unkeyed: UnkeyedOperation[] = []
  /**
   * Between nodes the wall clock decides the order. If one was set, calls that are hours apart can be neighbours: then
   * time does not show which operations without a container belong together.
   */
  readonly #isTimeReliable: boolean

  constructor(blocks: readonly BlockRef[]) {
    this.#blocks = blocks
    const epochs = mergeClockEpochs(blocks.flatMap(({ header }) => header.clockEpochs))
    this.#isTimeReliable = !wasClockSet(epochs) || nodesOf(epochs).size === 1
    const buffer = new BlockBuffer()
    const families: Uint32Array[] = []
    const owners = new Set(blocks.flatMap(({ header }) => header.dangling.map(({ owner }) => owner)))
    for (const ref of blocks) {
      const prefix = ref.index.prefix(ref.number, buffer)
      const { from, family, owner } = prefix.operations
      const marks = new Uint8Array(from.length)
      this.#marks.set(ref, marks)
      families.push(family.slice())
      // If the node's clock was set, only all blocks together show the order of its calls.
      if (wasClockSet(ref.header.clockEpochs)) marks.fill(1)
      for (const operation of ref.header.open) marks[operation] = 1
      for (let operation = 0; operation < from.length; operation++) {
        const own = owner[operation] ?? 0
        if (own === 0) this.#unkeyed.push(unkeyedAt(ref, prefix, operation))
        else if (owners.size > 0 && owners.has(own)) marks[operation] = 1
      }
    }
    this.#markFamilies(families)
    this.#markUnkeyed()
  }

  /** Whether an operation of the block is spanning, by its number. */
  test(ref: BlockRef): (operation: number) => boolean {
    const marks = this.#marks.get(ref)
    return (operation) => marks?.[operation] === 1
  }

  /** Marks the operations of these calls, which calls of other families name as their parents. */
  addParents(ids: ReadonlySet<string>): void {
    const buffer = new BlockBuffer()
    for (const ref of this.#blocks) {
      const { columns } = ref.index.block(ref.number, buffer)
      const { from } = columns.operations
      const marks = this.#marks.get(ref)
      for (let operation = 0; marks && operation < from.length; operation++)
        if (holdsId(columns, operation, ids)) marks[operation] = 1
    }
    this.#markUnkeyed()
  }

  /** Calls of one family in several blocks may belong to one operation. */
  #markFamilies(families: readonly Uint32Array[]): void {
    const isSpanning = spanningFamilies(this.#blocks, families)
    for (const [at, ref] of this.#blocks.entries()) {
      const marks = this.#marks.get(ref)
      const own = families[at]
      if (!marks || !own) continue
      for (let operation = 0; operation < own.length; operation++)
        if (isSpanning(own[operation] ?? 0)) marks[operation] = 1
      for (const [operation, more] of ref.header.mixed) if (more.some(isSpanning)) marks[operation] = 1
    }
  }

  /**
   * An operation close to a spanning one may belong to its list, or separate a third operation from that list. So
   * operations that follow each other immediately are all spanning if one is, or if they lie in several blocks.
   */
  #markUnkeyed(): void {
    const isSpanning = ({ ref, operation }: UnkeyedOperation) => this.#marks.get(ref)?.[operation] === 1
    const untilMs = (one: UnkeyedOperation) => one.toMs + (isSpanning(one) ? LONGEST_CALL_MS : SAME_LIST_MS)
    let near: UnkeyedOperation[] = []
    let nearMs = Number.NEGATIVE_INFINITY
    const end = () => {
      const areSpanning = !this.#isTimeReliable || near.some((one) => one.ref !== near[0]?.ref || isSpanning(one))
      if (areSpanning) for (const { ref, operation } of near) this.#marks.get(ref)?.fill(1, operation, operation + 1)
    }
    for (const one of this.#unkeyed.sort((a, b) => a.fromMs - b.fromMs)) {
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

/** An operation without a container (STATUS, GC): only time shows what it belongs to. Monotonic milliseconds. */
type UnkeyedOperation = { ref: BlockRef; operation: number; fromMs: number; toMs: number }

function unkeyedAt(ref: BlockRef, { numbers, operations, rows }: ColumnPrefix, operation: number): UnkeyedOperation {
  const from = operations.from[operation] ?? 0
  const end = operations.from[operation + 1] ?? rows
  const fromMs = numbers.monoMs[from] ?? 0
  let toMs = fromMs
  for (let row = from; row < end; row++)
    toMs = Math.max(toMs, (numbers.monoMs[row] ?? 0) + (numbers.durationMs[row] || 0))
  return { ref, operation, fromMs, toMs }
}

/** Whether a clock was set, or a node restarted. */
export function wasClockSet(epochs: readonly ClockEpoch[]): boolean {
  return nodesOf(epochs).size < epochs.length
}

function nodesOf(epochs: readonly ClockEpoch[]): Set<string> {
  return new Set(epochs.map(({ node }) => node))
}

/** Families that occur in several blocks. They are hashes already and there may be hundreds of thousands: an open hash table. */
function spanningFamilies(blocks: readonly BlockRef[], families: readonly Uint32Array[]): (family: number) => boolean {
  const count = blocks.reduce(
    (sum, { header }) => sum + header.shape.operations + header.mixed.flatMap(([, families]) => families).length,
    0,
  )
  const mask = 2 ** Math.ceil(Math.log2(2 * count + 1)) - 1
  const seen = new Uint32Array(mask + 1)
  const seenIn = new Uint32Array(mask + 1)
  const isSpanning = new Uint8Array(mask + 1)
  const slotOf = (family: number) => {
    let slot = family & mask
    while (seen[slot] !== 0 && seen[slot] !== family) slot = (slot + 1) & mask
    return slot
  }
  const see = (family: number, block: number) => {
    const slot = slotOf(family)
    if (seen[slot] === family && seenIn[slot] !== block) isSpanning[slot] = 1
    seen[slot] = family
    seenIn[slot] = block
  }
  for (const [block, { header }] of blocks.entries()) {
    const own = families[block] ?? new Uint32Array()
    for (let operation = 0; operation < own.length; operation++) see(own[operation] ?? 0, block)
    for (const [, more] of header.mixed) for (const family of more) see(family, block)
    // An end line in another block may decide which other calls of the family belong to the same list.
    for (const operation of header.open) isSpanning[slotOf(own[operation] ?? 0)] = 1
  }
  return (family) => family !== 0 && isSpanning[slotOf(family)] === 1
}

function holdsId(columns: Columns, operation: number, ids: ReadonlySet<string>): boolean {
  const { from } = columns.operations
  const end = from[operation + 1] ?? columns.rows
  for (let row = from[operation] ?? 0; row < end; row++) if (ids.has(idAt(columns, row))) return true
  return false
}
