import type { Call } from "../../../model/call.ts"
import { walk } from "../../../model/operation.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import type { Block } from "../block.ts"
import type { Order } from "../clock-order.ts"
import { BlockBuffer } from "../index-file.ts"
import { Interner } from "../interner.ts"
import { earliestOf, type IndexedCapture } from "./indexed-capture.ts"
import { type PluginSetNumber, PluginSets } from "./plugin-sets.ts"
import type { BlockRef } from "./spanning-finder.ts"

/**
 * `gone`: of a container the interfaces that everything deleted. `others`: a block's operations that tell more.
 * `operations`: how many there are in all.
 */
export type SettledContainers = {
  gone(containerId: string): readonly string[] | undefined
  others(ref: BlockRef): readonly number[]
  /** of the operations that lie across blocks, those that tell more */
  spanningOperations: OperationSummary[]
  operations: number
}

/**
 * Containers of which the columns tell all that a ledger wants to know: added once or before the capture began, and
 * deleted by every plugin that was asked to add. `kept`: those of which all is to be told.
 */
export function settledContainers(
  { blocks, spanning, spanningOperations, order }: IndexedCapture,
  kept: ReadonlySet<string> = new Set(),
): SettledContainers {
  const lives = new ContainerHistories(order, kept)
  /** of each operation of a block */
  const told = new Map<BlockRef, Int32Array>()
  let operations = spanningOperations.length
  const toldCrossed = new Map<OperationSummary, number>()
  let next = 0
  const window = new BlockBuffer()
  for (const [at, ref] of blocks.entries()) {
    const block = ref.index.block(ref.number, window)
    const live = lives.of(block)
    const crosses = spanning.test(ref)
    const own = new Int32Array(block.columns.operations.from.length).fill(NO_LIFE)
    told.set(ref, own)
    for (let operation = 0; operation < own.length; operation++) {
      if (crosses(operation)) continue
      operations++
      own[operation] = live(operation)
    }
    // What began before the next block is in its place here: its container's other operations are seconds away.
    const limit = earliestOf(blocks[at + 1], order)
    for (let one = spanningOperations[next]; one && isBefore(one, limit, order); one = spanningOperations[++next])
      toldCrossed.set(one, lives.take(one))
  }
  return {
    gone: (containerId) => lives.gone(containerId),
    others(ref) {
      const others: number[] = []
      const own = told.get(ref) ?? new Int32Array()
      for (let operation = 0; operation < own.length; operation++)
        if (lives.isUnclear(own[operation] ?? NO_LIFE)) others.push(operation)
      return others
    },
    spanningOperations: [...toldCrossed].flatMap(([operation, life]) => (lives.isUnclear(life) ? [operation] : [])),
    operations,
  }
}

/** Of an operation without a container. */
const NO_LIFE = -1

function isBefore({ calls }: OperationSummary, limit: ReturnType<Order["earliest"]>, order: Order): boolean {
  const [first] = calls
  return !limit || !first || order.compare(first.call, limit) < 0
}

/** What the operations of each container came to. A table of columns: there may be hundreds of thousands. */
class ContainerHistories {
  readonly #order: Order
  readonly #asking = new PluginSets()
  readonly #containers = new Interner()
  readonly #nodes: (string | undefined)[] = []
  readonly #asked: PluginSetNumber[] = []
  readonly #left: PluginSetNumber[] = []
  readonly #wallMs: number[] = []
  readonly #monoMs: number[] = []
  readonly #isUnclear: boolean[] = []
  readonly #kept: ReadonlySet<number>

  constructor(order: Order, kept: ReadonlySet<string>) {
    this.#order = order
    this.#kept = new Set(Array.from(kept, (containerId) => this.#containers.numberOf(containerId)))
  }

  /** Takes an operation of the block in. */
  of({ columns }: Block): (operation: number) => number {
    const { operations, texts, numbers, dictionary } = columns
    const askedOf = this.#asking.of(columns)
    const known = new Int32Array(dictionary.size).fill(NO_LIFE)
    return (operation) => {
      const row = operations.from[operation] ?? 0
      const container = texts.containerId[row] ?? 0
      if (container === 0) return NO_LIFE
      const node = dictionary.text(texts.node[row] ?? 0)
      let life = known[container] ?? NO_LIFE
      if (life === NO_LIFE) {
        life = this.#containers.numberIn(dictionary, container)
        known[container] = life
      }
      this.#see(life, node)
      const command = dictionary.text(texts.command[row] ?? 0)
      if (command === "ADD" || command === "DEL")
        this.#take(life, command, askedOf(operation), numbers.wallMs[row] ?? 0, numbers.monoMs[row] ?? 0)
      return life
    }
  }

  /** The same of an operation that lies across blocks. */
  take(operation: OperationSummary): number {
    const { node, containerId, command, calls } = operation
    const [first] = calls
    if (!containerId || !first) return NO_LIFE
    const life = this.#containers.numberOf(containerId)
    this.#see(life, node)
    const { wallMs, monoMs } = first.call
    if (command === "ADD" || command === "DEL")
      this.#take(life, command, this.#asking.ofOperation(operation), wallMs, monoMs)
    // Nested calls of another container are that one's too.
    for (const { call } of walk(calls)) if (call.containerId !== containerId) this.#blame(call)
    return life
  }

  /** Whether there is more to tell than that it is gone. */
  isUnclear(life: number): boolean {
    return life !== NO_LIFE && (this.#isUnclear[life] === true || this.#left[life] !== 0)
  }

  gone(containerId: string): readonly string[] | undefined {
    const life = this.#containers.numberOf(containerId)
    const asked = this.isUnclear(life) ? 0 : (this.#asked[life] ?? 0)
    return asked === 0 ? undefined : this.#asking.ifnames(asked)
  }

  #blame({ node, containerId }: Pick<Call, "node" | "containerId">): void {
    if (!containerId) return
    const life = this.#containers.numberOf(containerId)
    this.#see(life, node)
    this.#isUnclear[life] = true
  }

  #see(life: number, node: string | undefined): void {
    for (let next = this.#nodes.length; next <= life; next++) {
      this.#nodes.push(node)
      this.#asked.push(0)
      this.#left.push(0)
      this.#wallMs.push(0)
      this.#monoMs.push(0)
      this.#isUnclear.push(this.#kept.has(next))
    }
    // One id on two nodes: a copy, or a test.
    if (this.#nodes[life] !== node) this.#isUnclear[life] = true
  }

  #take(
    life: number,
    command: "ADD" | "DEL",
    asked: PluginSetNumber | undefined,
    wallMs: number,
    monoMs: number,
  ): void {
    const isAdded = this.#asked[life] !== 0
    if (asked === undefined || (command === "ADD" && isAdded)) this.#isUnclear[life] = true
    else if (command === "ADD") {
      this.#asked[life] = asked
      this.#left[life] = asked
      this.#wallMs[life] = wallMs
      this.#monoMs[life] = monoMs
    } else if (isAdded) {
      const added = { wallMs: this.#wallMs[life] ?? 0, monoMs: this.#monoMs[life] ?? 0 }
      if (this.#order.compare(added, { wallMs, monoMs }) >= 0) this.#isUnclear[life] = true
      this.#left[life] = this.#asking.without(this.#left[life] ?? 0, asked)
    }
  }
}
