import { type Asked, Asking } from "./asked.ts"
import type { Block } from "./block.ts"
import { textAt } from "./columns.ts"
import type { BlockRef } from "./crossing.ts"
import { type Opened, ownOperations } from "./reader.ts"

/**
 * `gone`: by container the interfaces that everything deleted. `others`: a block's operations that tell more.
 * `operations`: how many there are in all.
 */
export type Clean = {
  gone: ReadonlyMap<string, readonly string[]>
  others(ref: BlockRef): Iterable<number>
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
  for (const ref of opened.blocks) {
    const block = ref.index.block(ref.number)
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
  }
  lives.addCrossed()
  return {
    gone: lives.gone(),
    others(ref) {
      const own = told.get(ref)
      return own?.operations.filter((_, at) => !lives.isClean(own.lives[at] ?? 0)) ?? []
    },
    operations,
  }
}

/** What the operations of each container came to. A table of columns: there may be hundreds of thousands. */
class Lives {
  readonly #opened: Opened
  readonly #asking = new Asking()
  readonly #numbers = new Map<string, number>()
  readonly #hasNodes: boolean
  readonly #asked: Asked[] = []
  readonly #left: Asked[] = []
  readonly #wallMs: number[] = []
  readonly #monoMs: number[] = []
  readonly #isUnclear: boolean[] = []

  constructor(opened: Opened) {
    this.#opened = opened
    this.#hasNodes = new Set(opened.blocks.flatMap(({ head }) => head.stretches.map(({ node }) => node))).size > 1
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
      const life = this.#life(this.#hasNodes ? `${textAt(columns, "node", row) ?? ""}/${containerId}` : containerId)
      const command = textAt(columns, "command", row)
      const began = { wallMs: columns.numbers.wallMs[row] ?? 0, monoMs: columns.numbers.monoMs[row] ?? 0 }
      if (command === "ADD" || command === "DEL") this.#take(life, command, askedOf(operation), began)
      return life
    }
  }

  /** Operations that lie across blocks are no easy ones. */
  addCrossed(): void {
    for (const { node, containerId = "" } of this.#opened.crossed) {
      const life = this.#numbers.get(this.#hasNodes ? `${node ?? ""}/${containerId}` : containerId)
      if (life !== undefined) this.#isUnclear[life] = true
    }
  }

  isClean(life: number): boolean {
    return this.#isUnclear[life] === false && this.#left[life] === 0
  }

  gone(): Map<string, readonly string[]> {
    const gone = new Map<string, readonly string[]>()
    const ifnames = new Map<Asked, readonly string[]>()
    for (const [key, life] of this.#numbers) {
      const asked = this.#asked[life] ?? 0
      if (asked === 0 || !this.isClean(life)) continue
      const own = ifnames.get(asked) ?? this.#asking.ifnames(asked)
      ifnames.set(asked, own)
      gone.set(this.#hasNodes ? key.slice(key.indexOf("/") + 1) : key, own)
    }
    return gone
  }

  #life(key: string): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const life = this.#numbers.size
    this.#numbers.set(key, life)
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
