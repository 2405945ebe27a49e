import type { Call } from "../../model/call.ts"
import { LONGEST_CALL_MS, SAME_LIST_MS } from "../../model/grouping.ts"
import type { Capture } from "../capture.ts"
import type { Damage } from "../damage.ts"
import { processes } from "../process.ts"
import type { Segment } from "../segment.ts"
import type { Block, BlockHead } from "./block.ts"
import { complete } from "./build.ts"
import { idAt } from "./columns.ts"
import type { IndexFile } from "./file.ts"
import type { Light } from "./light.ts"

/** A block that can be read. */
export type BlockRef = { segment: Segment; index: IndexFile; number: number; head: BlockHead }

/** Tells which operations of a block may go on in another one: they are taken apart and put together anew. */
export class Crossing {
  readonly #families = new Set<number>()
  readonly #owners = new Set<number>()
  readonly #blocks: readonly BlockRef[]
  /** ids of calls that are looked for, because calls of another family name them as their parent */
  readonly parents = new Set<string>()

  constructor(blocks: readonly BlockRef[]) {
    this.#blocks = blocks
    for (const { index, number, head } of blocks) {
      for (const owner of head.dangling) this.#owners.add(owner)
      const families = head.open.length > 0 ? index.families(number) : new Uint32Array()
      // The end line that may lie elsewhere decides what else of its family is of the same list.
      for (const operation of head.open) this.#families.add(families[operation] ?? 0)
    }
    for (const family of familiesOfSeveral(blocks)) this.#families.add(family)
    this.#families.delete(0)
  }

  /** Whether an operation of the block crosses; operations are asked by their number. */
  test(ref: BlockRef, block: Block): (operation: number) => boolean {
    const { head, columns } = block
    // The node's clock was set: in which order its calls were made, all blocks together tell.
    if (new Set(head.stretches.map(({ node }) => node)).size < head.stretches.length) return () => true
    const mixed = new Map(head.mixed)
    const { operations, rows } = columns
    const crosses = new Uint8Array(operations.from.length)
    for (const operation of head.open) crosses[operation] = 1
    const loose: Loose[] = []
    for (let operation = 0; operation < crosses.length; operation++) {
      const family = operations.family[operation] ?? 0
      const from = operations.from[operation] ?? 0
      const to = operations.from[operation + 1] ?? rows
      if (family === 0) loose.push({ operation, ...spanOf(columns, from, to) })
      if (
        this.#families.has(family) ||
        (this.#owners.size > 0 && this.#owners.has(operations.owner[operation] ?? 0)) ||
        (mixed.size > 0 && mixed.get(operation)?.some((other) => this.#families.has(other))) ||
        (this.parents.size > 0 && holdsParent(columns, from, to, this.parents))
      )
        crosses[operation] = 1
    }
    markLoose(loose, this.#spansNear(ref), crosses)
    return (operation) => crosses[operation] === 1
  }

  /** Times of other blocks of the same nodes that lie within reach of this one. */
  #spansNear({ head }: BlockRef): [number, number][] {
    const spans: [number, number][] = []
    for (const other of this.#blocks) {
      if (other.head === head) continue
      for (const { node, monoMs, endMs } of other.head.stretches) {
        const own = head.stretches.filter((stretch) => stretch.node === node)
        const isNear = own.some(
          (stretch) => monoMs[0] <= stretch.endMs + SAME_LIST_MS && endMs + SAME_LIST_MS >= stretch.monoMs[0],
        )
        if (isNear) spans.push([monoMs[0], endMs + SAME_LIST_MS])
      }
    }
    return spans
  }
}

/** An operation without a container (STATUS, GC): only time tells what belongs together. Monotonic milliseconds. */
type Loose = { operation: number; fromMs: number; toMs: number }

function spanOf({ numbers }: Block["columns"], from: number, to: number): Pick<Loose, "fromMs" | "toMs"> {
  const fromMs = numbers.monoMs[from] ?? 0
  let toMs = fromMs
  for (let row = from; row < to; row++)
    toMs = Math.max(toMs, (numbers.monoMs[row] ?? 0) + (numbers.durationMs[row] || 0))
  return { fromMs, toMs }
}

/** What is near something that crosses may be of its list, or keep a third from it. */
function markLoose(loose: Loose[], spans: [number, number][], crosses: Uint8Array): void {
  const near = [...spans]
  for (const { operation, fromMs, toMs } of loose)
    if (crosses[operation] === 1) near.push([fromMs, toMs + LONGEST_CALL_MS])
  for (let isGrown = near.length > 0; isGrown; ) {
    isGrown = false
    for (const { operation, fromMs, toMs } of loose) {
      const isNear = near.some(([least, most]) => fromMs <= most && toMs + SAME_LIST_MS >= least)
      if (!isNear || crosses[operation] === 1) continue
      crosses[operation] = 1
      near.push([fromMs, toMs + SAME_LIST_MS])
      isGrown = true
    }
  }
}

/**
 * The calls of crossing operations of all blocks, their ends joined; what has no beginning is damage. `visit` sees each
 * block on the way, so that none has to be read twice; it may see all of them once more.
 */
export function crossingCalls(
  capture: Capture,
  blocks: readonly BlockRef[],
  crossing: Crossing,
  light: Light,
  damage: Damage,
  visit: (ref: BlockRef, block: Block, crosses: (operation: number) => boolean) => void,
): Call[] {
  const calls = new Map<string, Call>()
  const collect = () => {
    for (const ref of blocks) {
      const block = ref.index.block(ref.number)
      const crosses = crossing.test(ref, block)
      visit(ref, block, crosses)
      const { from } = block.columns.operations
      for (let operation = 0; operation < from.length; operation++) {
        if (!crosses(operation)) continue
        const end = from[operation + 1] ?? block.columns.rows
        for (let row = from[operation] ?? 0; row < end; row++) {
          const call = light.call(ref.segment, block, row)
          if (!calls.has(call.id)) calls.set(call.id, call)
        }
      }
    }
  }
  collect()
  // A parent of another container or command than its call: rare, and found by its id.
  const missing = [...calls.values()].flatMap(({ parent }) => (parent && !calls.has(parent) ? [parent] : []))
  if (missing.length > 0) {
    for (const id of missing) crossing.parents.add(id)
    collect()
  }
  joinEnds(blocks, calls, light, damage)
  judge(capture, calls.values())
  return [...calls.values()]
}

function joinEnds(blocks: readonly BlockRef[], calls: Map<string, Call>, light: Light, damage: Damage): void {
  for (const { segment, head } of blocks) {
    damage.addCounts(head.damage)
    for (const { head: end, offset } of head.orphans) {
      const call = calls.get(end.id)
      if (!call || call.state === "ended") damage.add("orphan", segment.name, offset)
      else {
        complete(call, end)
        light.setEnd(call, { segment, offset }, end.summary)
      }
    }
  }
}

/** Running or killed: the process of a call that never ended is looked up. */
function judge(capture: Capture, calls: Iterable<Call>): void {
  if (!capture.isLive) return
  const processOf = processes()
  for (const call of calls) {
    const isAlive = call.state === "ended" ? undefined : processOf(call)
    if (isAlive) call.state = isAlive() ? "running" : "killed"
  }
}

function familiesOfSeveral(blocks: readonly BlockRef[]): number[] {
  const own: Uint32Array[] = blocks.map(({ index, number, head }) => {
    const families = Uint32Array.from([...index.families(number), ...head.mixed.flatMap(([, more]) => more)]).sort()
    let length = 0
    for (const family of families) {
      if (family === 0 || (length > 0 && families[length - 1] === family)) continue
      families[length++] = family
    }
    return families.subarray(0, length)
  })
  const all = new Uint32Array(own.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const families of own) {
    all.set(families, at)
    at += families.length
  }
  all.sort()
  const several: number[] = []
  for (let row = 1; row < all.length; row++) if (all[row] === all[row - 1]) several.push(all[row] ?? 0)
  return several
}

function holdsParent(columns: Block["columns"], from: number, to: number, parents: ReadonlySet<string>): boolean {
  for (let row = from; row < to; row++) if (parents.has(idAt(columns, row))) return true
  return false
}
