import type { Call } from "../../../model/call.ts"
import { walk } from "../../../model/operation.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import type { Block } from "../block.ts"
import type { Order } from "../clock-order.ts"
import { BlockBuffer } from "../index-file.ts"
import { Interner } from "../interner.ts"
import type { IndexedCapture } from "./indexed-capture.ts"
import { earliestOf } from "./open-blocks.ts"
import { type PluginSetNumber, PluginSets } from "./plugin-sets.ts"
import type { BlockRef } from "./spanning-finder.ts"

/**
 * Containers that were fully deleted, and the operations of all others. `gone`: the interfaces of a container that every
 * plugin deleted. `others`: operations of a block whose containers are not settled. `operations`: the count of all.
 */
export type SettledContainers = {
  gone(containerId: string): readonly string[] | undefined
  others(ref: BlockRef): readonly number[]
  /** spanning operations whose containers are not settled */
  spanningOperations: OperationSummary[]
  operations: number
}

/**
 * Finds the containers whose columns are all that a ledger needs: added once or before the capture began, and deleted by
 * every plugin that had added them.
 */
export function settledContainers({ blocks, spanning, spanningOperations, order }: IndexedCapture): SettledContainers {
  const histories = new ContainerHistories(order)
  /** by block: the container of each operation */
  const containers = new Map<BlockRef, Int32Array>()
  const containersOfSpanning = new Map<OperationSummary, number>()
  let operations = spanningOperations.length
  let next = 0
  const buffer = new BlockBuffer()
  for (const [at, ref] of blocks.entries()) {
    const block = ref.index.block(ref.number, buffer)
    const add = histories.adderFor(block)
    const isSpanning = spanning.test(ref)
    const own = new Int32Array(block.columns.operations.from.length).fill(NO_CONTAINER)
    containers.set(ref, own)
    for (let operation = 0; operation < own.length; operation++) {
      if (isSpanning(operation)) continue
      operations++
      own[operation] = add(operation)
    }
    // Spanning operations that started before the next block belong here: their containers' other operations are close.
    const limit = earliestOf(blocks[at + 1], order)
    for (let one = spanningOperations[next]; one && isBefore(one, limit, order); one = spanningOperations[++next])
      containersOfSpanning.set(one, histories.addOperation(one))
  }
  return {
    gone: (containerId) => histories.gone(containerId),
    others(ref) {
      const others: number[] = []
      const own = containers.get(ref) ?? new Int32Array()
      for (let operation = 0; operation < own.length; operation++)
        if (histories.isUnsettled(own[operation] ?? NO_CONTAINER)) others.push(operation)
      return others
    },
    spanningOperations: [...containersOfSpanning].flatMap(([operation, container]) =>
      histories.isUnsettled(container) ? [operation] : [],
    ),
    operations,
  }
}

/** The container of an operation without one. */
const NO_CONTAINER = -1

function isBefore({ calls }: OperationSummary, limit: ReturnType<Order["earliest"]>, order: Order): boolean {
  const [first] = calls
  return !limit || !first || order.compare(first.call, limit) < 0
}

/** What the operations of each container did, as columns: there may be hundreds of thousands of containers. */
class ContainerHistories {
  readonly #order: Order
  readonly #pluginSets = new PluginSets()
  readonly #containers = new Interner()
  readonly #nodes: (string | undefined)[] = []
  /** plugins that added the container, and those of them that have not deleted it */
  readonly #added: PluginSetNumber[] = []
  readonly #left: PluginSetNumber[] = []
  /** start of its ADD */
  readonly #wallMs: number[] = []
  readonly #monoMs: number[] = []
  readonly #isUnclear: boolean[] = []

  constructor(order: Order) {
    this.#order = order
  }

  /** Returns a function that adds an operation of the block and returns its container. */
  adderFor({ columns }: Block): (operation: number) => number {
    const { operations, texts, numbers, dictionary } = columns
    const pluginsOf = this.#pluginSets.of(columns)
    const known = new Int32Array(dictionary.size).fill(NO_CONTAINER)
    return (operation) => {
      const row = operations.from[operation] ?? 0
      const text = texts.containerId[row] ?? 0
      if (text === 0) return NO_CONTAINER
      const node = dictionary.text(texts.node[row] ?? 0)
      let container = known[text] ?? NO_CONTAINER
      if (container === NO_CONTAINER) {
        container = this.#containers.numberIn(dictionary, text)
        known[text] = container
      }
      this.#see(container, node)
      const command = dictionary.text(texts.command[row] ?? 0)
      if (command === "ADD" || command === "DEL")
        this.#apply(container, command, pluginsOf(operation), numbers.wallMs[row] ?? 0, numbers.monoMs[row] ?? 0)
      return container
    }
  }

  /** Adds a spanning operation and returns its container. */
  addOperation(operation: OperationSummary): number {
    const { node, containerId, command, calls } = operation
    const [first] = calls
    if (!containerId || !first) return NO_CONTAINER
    const container = this.#containers.numberOf(containerId)
    this.#see(container, node)
    const { wallMs, monoMs } = first.call
    if (command === "ADD" || command === "DEL")
      this.#apply(container, command, this.#pluginSets.ofOperation(operation), wallMs, monoMs)
    // Nested calls of another container belong to that one too.
    for (const { call } of walk(calls)) if (call.containerId !== containerId) this.#markUnclear(call)
    return container
  }

  /** Whether there is more to say than that it is gone. */
  isUnsettled(container: number): boolean {
    return container !== NO_CONTAINER && (this.#isUnclear[container] === true || this.#left[container] !== 0)
  }

  gone(containerId: string): readonly string[] | undefined {
    const container = this.#containers.numberOf(containerId)
    const added = this.isUnsettled(container) ? 0 : (this.#added[container] ?? 0)
    return added === 0 ? undefined : this.#pluginSets.ifnames(added)
  }

  #markUnclear({ node, containerId }: Pick<Call, "node" | "containerId">): void {
    if (!containerId) return
    const container = this.#containers.numberOf(containerId)
    this.#see(container, node)
    this.#isUnclear[container] = true
  }

  #see(container: number, node: string | undefined): void {
    for (let next = this.#nodes.length; next <= container; next++) {
      this.#nodes.push(node)
      this.#added.push(0)
      this.#left.push(0)
      this.#wallMs.push(0)
      this.#monoMs.push(0)
      this.#isUnclear.push(false)
    }
    // One container ID on two nodes: a copied capture, or a test.
    if (this.#nodes[container] !== node) this.#isUnclear[container] = true
  }

  #apply(
    container: number,
    command: "ADD" | "DEL",
    plugins: PluginSetNumber | undefined,
    wallMs: number,
    monoMs: number,
  ): void {
    const isAdded = this.#added[container] !== 0
    if (plugins === undefined || (command === "ADD" && isAdded)) this.#isUnclear[container] = true
    else if (command === "ADD") {
      this.#added[container] = plugins
      this.#left[container] = plugins
      this.#wallMs[container] = wallMs
      this.#monoMs[container] = monoMs
    } else if (isAdded) {
      const added = { wallMs: this.#wallMs[container] ?? 0, monoMs: this.#monoMs[container] ?? 0 }
      if (this.#order.compare(added, { wallMs, monoMs }) >= 0) this.#isUnclear[container] = true
      this.#left[container] = this.#pluginSets.without(this.#left[container] ?? 0, plugins)
    }
  }
}
