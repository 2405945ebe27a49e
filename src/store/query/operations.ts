import { EVERYTHING, type Filter } from "../../model/filter/filter.ts"
import { requiredAddresses } from "../../model/filter/prefilter.ts"
import type { TimeRange } from "../../model/filter/time-range.ts"
import type { CurrentLists } from "../../model/incomplete-list.ts"
import type { Operation } from "../../model/operation.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import type { Capture } from "../capture/capture.ts"
import type { Progress } from "../capture/progress.ts"
import { ReadErrors } from "../capture/read-errors.ts"
import { addressLines } from "../index/read/address-lines.ts"
import { containerOperations, ownersOfLines } from "../index/read/container-operations.ts"
import { mayBeIncomplete } from "../index/read/incomplete-lists.ts"
import { indexCapture, operationSummaries, operationTest, type Wanted } from "../index/read/indexed-capture.ts"
import { type OpenBlocks, openBlocks } from "../index/read/open-blocks.ts"

export type ReadOptions = {
  filter?: Filter
  /** milliseconds since 1970: gives calls in flight a duration so far */
  nowMs?: number
  newestFirst?: boolean
  /** without streams and environment: enough for a list, and many times faster */
  withoutStreams?: boolean
  progress?: Progress | undefined
  /** the node's present plugin lists, if it is the capture's own */
  currentLists?: CurrentLists | undefined
}

/** Matching operations of a capture, in the order they started, or the newest first. Memory does not grow with their number. */
export async function* readOperations(
  capture: Capture,
  errors: ReadErrors,
  range: TimeRange = {},
  { withoutStreams, progress, currentLists, ...wanted }: ReadOptions = {},
): AsyncGenerator<Operation> {
  const opened = await openBlocks(capture, range, progress, currentLists)
  const { summaries } = opened
  try {
    const found =
      (await operationsWithAddresses(opened, errors, { range, ...wanted })) ??
      operationSummaries(await indexCapture(opened, errors, wanted.filter ?? EVERYTHING, progress), {
        range,
        ...wanted,
      })
    for (const operation of found) yield withoutStreams ? operation : summaries.whole(operation)
  } finally {
    opened.close()
  }
}

/** Reading the containers of more lines takes longer than reading the blocks one after the other, and more memory. */
const MOST_LINES = 4_000

/** If the filter requires addresses that few lines have: only the containers of these lines are read. */
async function operationsWithAddresses(
  opened: OpenBlocks,
  errors: ReadErrors,
  wanted: Wanted,
): Promise<Iterable<OperationSummary> | undefined> {
  const addresses = requiredAddresses(wanted.filter ?? EVERYTHING)
  const lines = addresses && addressLines(opened.blocks, addresses)
  if (!lines || [...lines.values()].reduce((sum, { size }) => sum + size, 0) > MOST_LINES) return undefined
  const owners = ownersOfLines(opened.blocks, lines)
  // Only time shows which calls without a container belong together.
  if (owners.has(0)) return undefined
  const ownErrors = new ReadErrors()
  const operations = await containerOperations(opened, ownErrors, owners)
  // The operations of other containers decide the outcome.
  if (mayBeIncomplete(opened, operations)) return undefined
  errors.addCounts(ownErrors.list())
  const found = operations.filter(operationTest(wanted, opened.summaries))
  return wanted.newestFirst ? found.reverse() : found
}
