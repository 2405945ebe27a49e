import type { Call } from "../../../model/call.ts"
import { EVERYTHING, type Filter } from "../../../model/filter/filter.ts"
import { fieldsOf, needsRecords, toMatcher } from "../../../model/filter/match.ts"
import { prefilterOf, requiredAddresses } from "../../../model/filter/prefilter.ts"
import type { TimeRange } from "../../../model/filter/time-range.ts"
import { type CallNode, type Operation, toOperations } from "../../../model/operation.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import type { Capture } from "../../capture/capture.ts"
import type { Progress } from "../../capture/progress.ts"
import type { ReadErrors } from "../../capture/read-errors.ts"
import type { Block } from "../block.ts"
import type { Order } from "../clock-order.ts"
import { BlockBuffer } from "../index-file.ts"
import { addressLines } from "./address-lines.ts"
import { Candidates } from "./candidates.ts"
import { judgeBlockLists } from "./incomplete-lists.ts"
import { isInColumns, mayMatch } from "./match-columns.ts"
import { byFirst, earliestOf, type OpenBlocks, openBlocks } from "./open-blocks.ts"
import { spanningCalls } from "./spanning-calls.ts"
import { type BlockRef, SpanningFinder } from "./spanning-finder.ts"
import { SummaryReader } from "./summary-reader.ts"

/** Which operations to read, and how. `nowMs` (since 1970) gives calls in flight a duration so far. */
export type Wanted = { range?: TimeRange; filter?: Filter; nowMs?: number; newestFirst?: boolean }

/** A capture whose segments have indexes: its blocks, and the operations that span several of them. */
export type IndexedCapture = {
  /** in the order of the first calls in them */
  blocks: BlockRef[]
  spanning: SpanningFinder
  /** in the order they started */
  spanningOperations: OperationSummary[]
  /** per block, the operations that may match the filter that the capture was opened with */
  matches: { filter: Filter; operations: ReadonlyMap<BlockRef, readonly number[]> } | undefined
  /** lines that may match the filter's stream tests, if blocks were searched for them */
  candidates: Candidates | undefined
  order: Order
  summaries: SummaryReader
  close(): void
}

/** Builds missing indexes first, which may take a while. Memory holds one block at a time plus the spanning operations. */
export async function openIndexedCapture(
  capture: Capture,
  errors: ReadErrors,
  range: TimeRange = {},
  progress?: Progress,
  filter: Filter = EVERYTHING,
  summaries = new SummaryReader(),
): Promise<IndexedCapture> {
  return indexCapture(await openBlocks(capture, range, progress, undefined, summaries), errors, filter, progress)
}

/** The same for blocks that are open already. */
export async function indexCapture(
  opened: OpenBlocks,
  errors: ReadErrors,
  filter: Filter,
  progress: Progress | undefined,
): Promise<IndexedCapture> {
  const { blocks, order, summaries, close } = opened
  const spanning = new SpanningFinder(blocks)
  const operations = new Map<BlockRef, readonly number[]>()
  const isSelective = fieldsOf(filter).length > 0
  const calls = await spanningCalls(opened, spanning, errors, (ref, block, isSpanning) => {
    if (isSelective) operations.set(ref, [...matching(block, isSpanning, filter)])
  })
  let spanningOperations = toOperations(calls).map((operation) => summaries.ofGrouped(operation))
  spanningOperations.sort(byFirst(order))
  const judged = judgeBlockLists(opened, spanning, spanningOperations)
  if (judged) {
    spanningOperations = judged
    if (isSelective) matchAgain(operations, spanning, filter)
  }
  const candidates = needsRecords(filter) ? await search(blocks, operations, filter, progress) : undefined
  if (candidates) {
    matchAgain(operations, spanning, filter, candidates)
    if (prefilterOf(filter, () => false) !== undefined)
      spanningOperations = spanningOperations.filter(({ calls }) =>
        someCall(calls, (call) => summaries.isCandidate(call, candidates)),
      )
  }
  return {
    blocks,
    spanning,
    spanningOperations,
    matches: isSelective ? { filter, operations } : undefined,
    candidates,
    order,
    summaries,
    close,
  }
}

function someCall(nodes: CallNode[], is: (call: Call) => boolean): boolean {
  return nodes.some(({ call, children }) => is(call) || someCall(children, is))
}

/** Reading one operation takes as long as searching this many bytes. */
const OPERATION_BYTES = 256 * 1024

/** Blocks in which many operations would have to be read for their streams are searched first. */
async function search(
  blocks: readonly BlockRef[],
  operations: ReadonlyMap<BlockRef, readonly number[]>,
  filter: Filter,
  progress: Progress | undefined,
): Promise<Candidates | undefined> {
  const addresses = requiredAddresses(filter, ({ field }) => isInColumns(field))
  if (addresses) return Candidates.of(addressLines(blocks, addresses))
  const prefilter = prefilterOf(filter, ({ field }) => isInColumns(field))
  if (prefilter === undefined) return undefined
  const worthSearching = blocks.filter((ref) => {
    const { fromByte, toByte } = ref.header
    return (operations.get(ref)?.length ?? 0) * OPERATION_BYTES > toByte - fromByte
  })
  return Candidates.search(worthSearching, prefilter, progress)
}

/** Once more is known: outcomes that other operations show, or (`candidates`) lines that do not match. */
function matchAgain(
  matches: Map<BlockRef, readonly number[]>,
  spanning: SpanningFinder,
  filter: Filter,
  candidates?: Candidates,
): void {
  const buffer = new BlockBuffer()
  for (const [ref, operations] of matches) {
    if (candidates && operations.length === 0) continue
    const block = ref.index.block(ref.number, buffer)
    matches.set(ref, [...matching(block, spanning.test(ref), filter, candidates?.ofRow(ref, block))])
  }
}

/**
 * Matching operations without their streams, in the order they started, or the newest first; `SummaryReader.whole` adds the streams. `own`
 * selects the operations of a block by their numbers.
 */
export function* operationSummaries(
  { blocks, spanning, spanningOperations, matches, order, summaries }: IndexedCapture,
  wanted: Wanted,
  own?: (ref: BlockRef) => Iterable<number>,
): Generator<OperationSummary> {
  const { filter = EVERYTHING, newestFirst = false } = wanted
  const selected =
    own ?? (matches?.filter === filter ? (ref: BlockRef) => matches.operations.get(ref) ?? [] : undefined)
  const isMatch = operationTest(wanted, summaries)
  const forward = byFirst(order)
  const compare: typeof forward = newestFirst ? (a, b) => forward(b, a) : forward
  const buffer = new BlockBuffer()
  let waiting = spanningOperations.filter(isMatch)
  if (newestFirst) waiting.reverse()
  for (const { ref, isReady } of newestFirst ? backwards(blocks, order) : forwards(blocks, order)) {
    const fresh = operationsOf(ref, buffer, selected?.(ref), spanning, filter, summaries).filter(isMatch)
    waiting = merged(waiting, fresh.sort(compare), compare)
    const end = waiting.findIndex(({ calls: [first] }) => first && !isReady(first.call))
    yield* waiting.splice(0, end < 0 ? waiting.length : end)
  }
  yield* waiting
}

/** A block, and whether a call comes before all that are in the blocks after it. */
type BlockStep = { ref: BlockRef; isReady(call: Call): boolean }

function forwards(blocks: readonly BlockRef[], order: Order): BlockStep[] {
  return blocks.map((ref, at) => {
    const next = earliestOf(blocks[at + 1], order)
    return { ref, isReady: (call) => !next || order.compare(call, next) < 0 }
  })
}

/** A later block may contain calls that started before some of an earlier one. */
function backwards(blocks: readonly BlockRef[], order: Order): BlockStep[] {
  const steps: BlockStep[] = []
  let latest: ReturnType<Order["latest"]>
  for (const ref of blocks) {
    const before = latest
    steps.unshift({ ref, isReady: (call) => !before || order.compare(call, before) > 0 })
    const own = order.latest(ref.header.clockEpochs)
    if (own && (!latest || order.compare(own, latest) > 0)) latest = own
  }
  return steps
}

/** A block without a selected operation is not read. */
function operationsOf(
  ref: BlockRef,
  buffer: BlockBuffer,
  selected: Iterable<number> | undefined,
  spanning: SpanningFinder,
  filter: Filter,
  summaries: SummaryReader,
): OperationSummary[] {
  const numbers = selected && [...selected]
  if (numbers?.length === 0) return []
  const block = ref.index.block(ref.number, buffer)
  return [...(numbers ?? matching(block, spanning.test(ref), filter))].map((operation) =>
    summaries.operation(ref.segment, block, operation),
  )
}

/** Numbers of the operations that lie in this block only and may match. */
function* matching(
  block: Block,
  isSpanning: (operation: number) => boolean,
  filter: Filter,
  mayRow?: (row: number) => boolean,
): Generator<number> {
  const may = mayMatch(block.columns, filter, mayRow)
  for (let operation = 0; operation < block.columns.operations.from.length; operation++)
    if (may(operation) && !isSpanning(operation)) yield operation
}

/** Whether an operation is wanted. Reads its streams if the filter needs them. */
export function operationTest(
  { range = {}, filter = EVERYTHING, nowMs }: Wanted,
  summaries: SummaryReader,
): (operation: Operation) => boolean {
  const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = range
  const matcher = toMatcher(filter, nowMs)
  const isDeep = needsRecords(filter)
  return (operation) =>
    operation.wallMs >= sinceMs &&
    operation.wallMs <= untilMs &&
    matcher.operation(isDeep ? summaries.whole(operation) : operation)
}

function merged<Value>(a: Value[], b: Value[], compare: (a: Value, b: Value) => number): Value[] {
  if (a.length === 0 || b.length === 0) return a.length > 0 ? a : b
  const all: Value[] = []
  let [left, right] = [0, 0]
  while (left < a.length && right < b.length)
    all.push((compare(a[left] as Value, b[right] as Value) <= 0 ? a[left++] : b[right++]) as Value)
  return [...all, ...a.slice(left), ...b.slice(right)]
}
