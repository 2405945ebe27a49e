import type { Call } from "../../model/call.ts"
import { EVERYTHING, type Filter } from "../../model/filter/filter.ts"
import { fieldsOf, type Matcher, sourceOf, toMatcher } from "../../model/filter/match.ts"
import { prefilterOf } from "../../model/filter/prefilter.ts"
import { type CallNode, type Operation, toOperations } from "../../model/operation.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import { isInRange, type TimeRange } from "../capture/calls.ts"
import type { Capture } from "../capture/capture.ts"
import type { ReadErrors } from "../capture/read-errors.ts"
import type { Segment } from "../capture/segments.ts"
import type { Block } from "./block.ts"
import { Candidates } from "./candidates.ts"
import { type Order, orderOf } from "./clock-order.ts"
import { Window } from "./index-file.ts"
import { openIndexes, type Progress } from "./indexes.ts"
import { isInColumns, mayMatch } from "./match.ts"
import { SummaryReader } from "./operation-summary.ts"
import { type BlockRef, SpanningFinder } from "./spanning.ts"
import { spanningCalls } from "./spanning-calls.ts"

/** What is wanted of a capture. `nowMs` (since 1970): what calls in flight are measured by. */
export type Wanted = { range?: TimeRange; filter?: Filter; nowMs?: number }

/** A capture whose segments have indexes: its blocks, and the operations that lie across them. */
export type Opened = {
  blocks: BlockRef[]
  crossing: SpanningFinder
  /** in order */
  crossed: OperationSummary[]
  /** what of each block may match the filter that it was opened for */
  candidates: { filter: Filter; operations: ReadonlyMap<BlockRef, readonly number[]> } | undefined
  /** where blocks were searched for what the filter's streams must have in them */
  hits: Candidates | undefined
  order: Order
  light: SummaryReader
  close(): void
}

/** Reads what the indexes lack first, which may take a while. Memory holds a block at a time, and what crosses. */
export async function open(
  capture: Capture,
  damage: ReadErrors,
  range: TimeRange = {},
  progress?: Progress,
  filter: Filter = EVERYTHING,
): Promise<Opened> {
  const segments = (await capture.segments()).filter((segment) => isInRange(segment, range))
  const indexes = await openIndexes(capture, segments, progress)
  const light = new SummaryReader()
  const unordered = indexes.flatMap((index, at) =>
    index.heads.map((head, number) => ({ segment: segments[at] as Segment, index, number, head })),
  )
  const order = orderOf(unordered.flatMap(({ head }) => head.stretches))
  const blocks = inOrder(unordered, order)
  const crossing = new SpanningFinder(blocks)
  const operations = new Map<BlockRef, readonly number[]>()
  const isSelective = fieldsOf(filter).length > 0
  const calls = spanningCalls(capture, blocks, crossing, light, damage, (ref, block, crosses) => {
    if (isSelective) operations.set(ref, [...matching(block, crosses, filter)])
  })
  const crossed = toOperations(calls).map((operation) => light.withSummaries(operation))
  crossed.sort(byFirst(order))
  const hits = needsStreams(filter) ? await searched(blocks, operations, filter, progress) : undefined
  if (hits) narrow(operations, crossing, filter, hits)
  const mayCross = hits !== undefined && prefilterOf(filter, () => false) !== undefined
  return {
    blocks,
    crossing,
    crossed: mayCross ? crossed.filter(({ calls }) => some(calls, (call) => light.isHit(call, hits))) : crossed,
    candidates: isSelective ? { filter, operations } : undefined,
    hits,
    order,
    light,
    close() {
      light.close()
      for (const index of indexes) index.close()
    },
  }
}

function some(nodes: CallNode[], is: (call: Call) => boolean): boolean {
  return nodes.some(({ call, children }) => is(call) || some(children, is))
}

/** To read an operation takes as long as to search so much. */
const OPERATION_BYTES = 256 * 1024

/** Where more than a few operations would have to be read to see their streams, blocks are searched first. */
async function searched(
  blocks: readonly BlockRef[],
  candidates: ReadonlyMap<BlockRef, readonly number[]>,
  filter: Filter,
  progress: Progress | undefined,
): Promise<Candidates | undefined> {
  const needle = prefilterOf(filter, ({ field }) => isInColumns(field))
  if (needle === undefined) return undefined
  const worth = blocks.filter((ref) => {
    const { fromByte, toByte } = ref.head
    return (candidates.get(ref)?.length ?? 0) * OPERATION_BYTES > toByte - fromByte
  })
  return Candidates.search(worth, needle, progress)
}

function narrow(
  candidates: Map<BlockRef, readonly number[]>,
  crossing: SpanningFinder,
  filter: Filter,
  hits: Candidates,
): void {
  const window = new Window()
  for (const [ref, operations] of candidates) {
    if (operations.length === 0) continue
    const block = ref.index.block(ref.number, window)
    candidates.set(ref, [...matching(block, crossing.test(ref), filter, hits.ofRow(ref, block))])
  }
}

/**
 * Operations that match, without their streams, in the order they began; `whole` gives them their streams. `own`
 * chooses those of a block by their numbers.
 */
export function* operationSummaries(
  { blocks, crossing, crossed, candidates, order, light }: Opened,
  { range = {}, filter = EVERYTHING, nowMs }: Wanted,
  own?: (ref: BlockRef) => Iterable<number>,
): Generator<OperationSummary> {
  const known =
    own ?? (candidates?.filter === filter ? (ref: BlockRef) => candidates.operations.get(ref) ?? [] : undefined)
  const matches = isWanted(toMatcher(filter, nowMs), filter, range, light)
  const compare = byFirst(order)
  const window = new Window()
  let waiting = crossed.filter(matches)
  for (const [at, ref] of blocks.entries()) {
    const next = earliestOf(blocks[at + 1], order)
    const fresh = operationsOf(ref, window, known?.(ref), crossing, filter, light).filter(matches)
    waiting = merged(waiting, fresh.sort(compare), compare)
    const ready = next ? countBefore(waiting, next, order) : waiting.length
    yield* waiting.splice(0, ready)
  }
  yield* waiting
}

/** A block of which nothing is wanted is not read. */
function operationsOf(
  ref: BlockRef,
  window: Window,
  known: Iterable<number> | undefined,
  crossing: SpanningFinder,
  filter: Filter,
  light: SummaryReader,
): OperationSummary[] {
  const numbers = known && [...known]
  if (numbers?.length === 0) return []
  const block = ref.index.block(ref.number, window)
  return [...(numbers ?? matching(block, crossing.test(ref), filter))].map((operation) =>
    light.operation(ref.segment, block, operation),
  )
}

/** Numbers of the operations that lie in the block alone and may match. */
function* matching(
  block: Block,
  crosses: (operation: number) => boolean,
  filter: Filter,
  mayRow?: (row: number) => boolean,
): Generator<number> {
  const may = mayMatch(block.columns, filter, mayRow)
  for (let operation = 0; operation < block.columns.operations.from.length; operation++)
    if (may(operation) && !crosses(operation)) yield operation
}

/** Whether a call without its streams does not tell enough. */
export function needsStreams(filter: Filter): boolean {
  return sourceOf(filter) === "stream" || fieldsOf(filter).includes("memory")
}

function isWanted(
  matcher: Matcher,
  filter: Filter,
  { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY }: TimeRange,
  light: SummaryReader,
): (operation: Operation) => boolean {
  const isDeep = needsStreams(filter)
  return (operation) =>
    operation.wallMs >= sinceMs &&
    operation.wallMs <= untilMs &&
    matcher.operation(isDeep ? light.whole(operation) : operation)
}

/** Blocks of a node whose clock was set lie in the segments out of order. */
function inOrder(blocks: BlockRef[], order: Order): BlockRef[] {
  const starts = new Map(blocks.map((ref) => [ref, earliestOf(ref, order)]))
  return blocks.toSorted((a, b) => {
    const [first, second] = [starts.get(a), starts.get(b)]
    // Without a call in it a block is nowhere in time: after it nothing is waited for.
    if (!first || !second) return first ? -1 : second ? 1 : 0
    return order.compare(first, second)
  })
}

export function earliestOf(ref: BlockRef | undefined, order: Order): ReturnType<Order["earliest"]> {
  return ref && order.earliest(ref.head.stretches)
}

function byFirst(order: Order): (a: Operation, b: Operation) => number {
  return (a, b) => {
    const [first, second] = [a.calls[0]?.call, b.calls[0]?.call]
    return first && second ? order.compare(first, second) : 0
  }
}

function countBefore(operations: Operation[], next: NonNullable<ReturnType<Order["earliest"]>>, order: Order): number {
  const found = operations.findIndex(({ calls }) => calls[0] && order.compare(calls[0].call, next) >= 0)
  return found < 0 ? operations.length : found
}

function merged<Value>(a: Value[], b: Value[], compare: (a: Value, b: Value) => number): Value[] {
  if (a.length === 0 || b.length === 0) return a.length > 0 ? a : b
  const all: Value[] = []
  let [left, right] = [0, 0]
  while (left < a.length && right < b.length)
    all.push((compare(a[left] as Value, b[right] as Value) <= 0 ? a[left++] : b[right++]) as Value)
  return [...all, ...a.slice(left), ...b.slice(right)]
}
