import type { Filter } from "../../model/filter/filter.ts"
import type { Operation } from "../../model/operation.ts"
import type { TimeRange } from "../capture/calls.ts"
import type { Capture } from "../capture/capture.ts"
import type { Progress } from "../capture/progress.ts"
import type { ReadErrors } from "../capture/read-errors.ts"
import { openIndexedCapture, operationSummaries } from "../index/read/indexed-capture.ts"

export type ReadOptions = {
  filter?: Filter
  /** milliseconds since 1970: gives calls in flight a duration so far */
  nowMs?: number
  newestFirst?: boolean
  /** without streams and environment: enough for a list, and many times faster */
  withoutStreams?: boolean
  progress?: Progress | undefined
}

/** Matching operations of a capture, in the order they started, or the newest first. Memory does not grow with their number. */
export async function* readOperations(
  capture: Capture,
  errors: ReadErrors,
  range: TimeRange = {},
  { withoutStreams, progress, ...wanted }: ReadOptions = {},
): AsyncGenerator<Operation> {
  const indexed = await openIndexedCapture(capture, errors, range, progress, wanted.filter)
  try {
    for (const operation of operationSummaries(indexed, { range, ...wanted }))
      yield withoutStreams ? operation : indexed.summaries.whole(operation)
  } finally {
    indexed.close()
  }
}
