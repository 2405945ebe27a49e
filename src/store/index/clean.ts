import type { Call } from "../../model/call.ts"
import { walk } from "../../model/operation.ts"
import type { LightOperation } from "../../model/packed.ts"
import { type Asked, Asking } from "./asked.ts"
import type { Block } from "./block.ts"
import { textAt } from "./columns.ts"
import type { BlockRef } from "./crossing.ts"
import { Window } from "./file.ts"
import type { Order } from "./order.ts"
import { earliestOf, type Opened, ownOperations } from "./reader.ts"

/**
 * `gone`: by container the interfaces that everything deleted. `others`: a block's operations that tell more.
 * `operations`: how many there are in all.
 */
export type Clean = {
  gone: ReadonlyMap<string, readonly string[]>
  others(ref: BlockRef): Iterable<number>
  /** of the operations that lie across blocks, those that tell more */
  crossed: LightOperation[]
  operations: number
}

/**
 * Containers of which the columns tell all that a ledger wants to know: added once or before the capture began, and
 * deleted by every plugin that was asked to add.
 */
export function cleanContainers(opened: Opened): Clean {
  const lives = new Lives(opened)
  const told = new Map<BlockRef, { operations: number[]; lives: number[] }>()
  let operations = opened.crossed.length
  const crossed = new Map<LightOperation, number | undefined>()
  let next = 0
  const window = new Window()
  for (const [at, ref] of opened.blocks.entries()) {
    const block = ref.index.block(ref.number, window)
    const live = lives.of(block)
    const own = { operations: [] as number[], lives: [] as number[] }
    told.set(ref, own)
    for (const operation of ownOperations(ref, block, opened.crossing)) {
      operations++
      const life = live(operation)
      if (life === undefined) continue
      own.operations.push(operation)
      own.lives.push(life)
    }
    // What began before the next block is in its place here: its container's other operations are seconds away.
    const limit = earliestOf(opened.blocks[at + 1], opened.order)
    for (let one = opened.crossed[next]; one && isBefore(one, limit, opened.order); one = opened.crossed[++next])
      crossed.set(one, lives.take(one))
  }
  return {
    gone: lives.gone(),
    others(ref) {
      const own = told.get(ref)
      return own?.operations.filter((_, at) => !lives.isClean(own.lives[at] ?? 0)) ?? []
    },
    crossed: [...crossed].flatMap(([operation, life]) =>
      life === undefined || lives.isClean(life) ? [] : [operation],
    ),
    operations,
  }
}

function isBefore({ calls }: LightOperation, limit: ReturnType<Order["earliest"]>, order: Order): boolean {
  const [first] = calls
  return !limit || !first || order.compare(first.call, limit) < 0
}

/** What the operations of each container came to. A table of columns: there may be hundreds of thousands. */
class Lives {
  readonly #opened: Opened
  readonly #asking = new Asking()
  readonly #numbers = new Map<string, number>()
  readonly #nodes: (string | undefined)[] = []
  readonly #asked: Asked[] = []
  readonly #left: Asked[] = []
  readonly #wallMs: number[] = []
  readonly #monoMs: number[] = []
  readonly #isUnclear: boolean[] = []

  constructor(opened: Opened) {
    this.#opened = opened
  }

  /** Takes an operation of the block in; undefined where it is of no container. */
  of(block: Block): (operation: number) => number | undefined {
    const { columns } = block
    const { from } = columns.operations
    const askedOf = this.#asking.of(block)
    return (operation) => {
      const row = from[operation] ?? 0
      const containerId = textAt(columns, "containerId", row)
      if (containerId === undefined) return undefined
      const life = this.#life(containerId, textAt(columns, "node", row))
      const command = textAt(columns, "command", row)
      const began = { wallMs: columns.numbers.wallMs[row] ?? 0, monoMs: columns.numbers.monoMs[row] ?? 0 }
      if (command === "ADD" || command === "DEL") this.#take(life, command, askedOf(operation), began)
      return life
    }
  }

  /** The same of an operation that lies across blocks. */
  take(operation: LightOperation): number | undefined {
    const { node, containerId, command, calls } = operation
    const [first] = calls
    if (!containerId || !first) return undefined
    const life = this.#life(containerId, node)
    const { wallMs, monoMs } = first.call
    if (command === "ADD" || command === "DEL")
      this.#take(life, command, this.#asking.ofOperation(operation), { wallMs, monoMs })
    // Nested calls of another container are that one's too.
    for (const { call } of walk(calls)) if (call.containerId !== containerId) this.#blame(call)
    return life
  }

  isClean(life: number): boolean {
    return this.#isUnclear[life] === false && this.#left[life] === 0
  }

  gone(): Map<string, readonly string[]> {
    const gone = new Map<string, readonly string[]>()
    const ifnames = new Map<Asked, readonly string[]>()
    for (const [containerId, life] of this.#numbers) {
      const asked = this.#asked[life] ?? 0
      if (asked === 0 || !this.isClean(life)) continue
      const own = ifnames.get(asked) ?? this.#asking.ifnames(asked)
      ifnames.set(asked, own)
      gone.set(containerId, own)
    }
    return gone
  }

  #blame({ node, containerId }: Pick<Call, "node" | "containerId">): void {
    if (containerId) this.#isUnclear[this.#life(containerId, node)] = true
  }

  #life(containerId: string, node: string | undefined): number {
    const known = this.#numbers.get(containerId)
    if (known !== undefined) {
      // One id on two nodes: a copy, or a test.
      if (this.#nodes[known] !== node) this.#isUnclear[known] = true
      return known
    }
    const life = this.#numbers.size
    this.#numbers.set(containerId, life)
    this.#nodes.push(node)
    this.#asked.push(0)
    this.#left.push(0)
    this.#wallMs.push(0)
    this.#monoMs.push(0)
    this.#isUnclear.push(false)
    return life
  }

  #take(
    life: number,
    command: "ADD" | "DEL",
    asked: Asked | undefined,
    began: { wallMs: number; monoMs: number },
  ): void {
    const isAdded = this.#asked[life] !== 0
    if (asked === undefined || (command === "ADD" && isAdded)) this.#isUnclear[life] = true
    else if (command === "ADD") {
      this.#asked[life] = asked
      this.#left[life] = asked
      this.#wallMs[life] = began.wallMs
      this.#monoMs[life] = began.monoMs
    } else if (isAdded) {
      const added = { wallMs: this.#wallMs[life] ?? 0, monoMs: this.#monoMs[life] ?? 0 }
      if (this.#opened.order.compare(added, began) >= 0) this.#isUnclear[life] = true
      this.#left[life] = this.#asking.without(this.#left[life] ?? 0, asked)
    }
  }
}
