import { podKey } from "../../../model/call.ts"
import {
  type CalledList,
  type CurrentLists,
  calledList,
  findIncomplete,
  knownList,
} from "../../../model/incomplete-list.ts"
import { incompleteList } from "../../../model/outcome.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { calledRows, listKey, pluginsInListOrder } from "../called-lists.ts"
import { type Columns, textAt } from "../columns.ts"
import { BlockBuffer } from "../index-file.ts"
import type { OpenBlocks } from "./open-blocks.ts"
import type { BlockRef, SpanningFinder } from "./spanning-finder.ts"

/**
 * Finds the operations that the runtime did not carry out over the whole list: marks those of blocks in their indexes, and
 * returns the spanning operations with the verdict. Undefined, and nothing is marked, if there is none.
 */
export function judgeBlockLists(
  { blocks, order, currentLists }: OpenBlocks,
  spanning: SpanningFinder,
  spanningOperations: readonly OperationSummary[],
): OperationSummary[] | undefined {
  const ofSpanning = spanningOperations.flatMap((one): SpanningList[] => {
    const list = calledList(one)
    return list ? [{ ...list, spanning: one, monoMs: one.calls[0]?.call.monoMs ?? 0 }] : []
  })
  // Of an operation that continues in another block, each block has only a part of the list.
  const variants = blocks.flatMap((ref) => {
    const isSpanning = spanning.test(ref)
    return ref.header.lists.filter(({ operations }) => !operations.every(isSpanning))
  })
  const suspicious = suspiciousKeys([...variants, ...ofSpanning], currentLists)
  if (suspicious.size === 0) return undefined
  const operations: (BlockList | SpanningList)[] = ofSpanning.filter(({ key }) => suspicious.has(key))
  const buffer = new BlockBuffer()
  for (const ref of blocks) {
    if (!ref.header.lists.some(({ key }) => suspicious.has(key))) continue
    for (const list of listsIn(ref, ref.index.block(ref.number, buffer).columns, spanning.test(ref)))
      if (suspicious.has(list.key)) operations.push(list)
  }
  const incomplete = findIncomplete(operations.sort(order.compare), (key) => knownList(key, currentLists))
  if (incomplete.size === 0) return undefined
  const verdicts = new Map<OperationSummary, string>()
  for (const [one, plugin] of incomplete) {
    if ("spanning" in one) verdicts.set(one.spanning, plugin)
    else one.ref.index.markIncomplete(one.ref.number, one.operation, plugin)
  }
  return spanningOperations.map((one) => {
    const plugin = verdicts.get(one)
    return plugin === undefined ? one : { ...one, ...incompleteList(plugin) }
  })
}

/** Whether one of these operations called only the start or the end of a longer list of its network: it may be incomplete. */
export function mayBeIncomplete(
  { blocks, currentLists }: OpenBlocks,
  operations: readonly OperationSummary[],
): boolean {
  const lists = operations.flatMap((one) => calledList(one) ?? [])
  const variants = [...blocks.flatMap(({ header }) => header.lists), ...lists]
  return lists.some(({ key, plugins }) => {
    const known = knownList(key, currentLists)?.plugins ?? []
    return isPartOf(plugins, known) || variants.some((one) => one.key === key && isPartOf(plugins, one.plugins))
  })
}

function isPartOf(plugins: readonly string[], list: readonly string[]): boolean {
  const { length } = plugins
  const isAt = (from: number) => plugins.every((plugin, at) => plugin === list[from + at])
  return list.length > length && (isAt(0) || isAt(list.length - length))
}

type SpanningList = CalledList & { spanning: OperationSummary; monoMs: number }
type BlockList = CalledList & { ref: BlockRef; operation: number; monoMs: number }

/** Networks whose operations did not all call the same plugins, or not those of the present list. Nearly always none. */
function suspiciousKeys(
  lists: readonly Pick<CalledList, "key" | "plugins">[],
  currentLists: CurrentLists | undefined,
): Set<string> {
  const first = new Map<string, string>()
  const suspicious = new Set<string>()
  for (const { key, plugins } of lists) {
    const own = plugins.join()
    const before = first.get(key) ?? knownList(key, currentLists)?.plugins.join() ?? own
    first.set(key, before)
    if (before !== own) suspicious.add(key)
  }
  return suspicious
}

/** The operations of a block without a failed call. */
function* listsIn(ref: BlockRef, columns: Columns, isSpanning: (operation: number) => boolean): Generator<BlockList> {
  const { operations, numbers } = columns
  for (let operation = 0; operation < operations.from.length; operation++) {
    const calls = isSpanning(operation) ? undefined : calledRows(columns, operation)
    const [first] = calls ?? []
    const last = calls?.at(-1)
    if (!calls || first === undefined || last === undefined) continue
    const containerId = textAt(columns, "containerId", first) ?? ""
    const name = textAt(columns, "podName", first)
    const namespace = textAt(columns, "namespace", first)
    yield {
      ref,
      operation,
      key: listKey(columns, first),
      command: textAt(columns, "command", first) ?? "",
      plugins: pluginsInListOrder(columns, calls),
      wallMs: numbers.wallMs[first] ?? 0,
      monoMs: numbers.monoMs[first] ?? 0,
      endMs: (numbers.wallMs[last] ?? 0) + (numbers.durationMs[last] || 0),
      containerId,
      pod: name ? podKey({ namespace, name }) : containerId,
    }
  }
}
