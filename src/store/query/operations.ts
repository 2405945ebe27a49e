import type { Filter } from "../../model/filter/filter.ts"
import type { Operation } from "../../model/operation.ts"
import type { TimeRange } from "../capture/calls.ts"
import type { Capture } from "../capture/capture.ts"
import type { ReadErrors } from "../capture/read-errors.ts"
import type { Progress } from "../index/indexes.ts"
import { open, operationSummaries } from "../index/reader.ts"

export type Reading = {
  filter?: Filter
  /** milliseconds since 1970: what calls in flight are measured by */
  nowMs?: number
  /** without streams and environment: what a list needs, many times faster */
  isLight?: boolean
  progress?: Progress | undefined
}

/** The operations of a capture that match, in the order they started. Memory does not grow with their number. */
export async function* readOperations(
  capture: Capture,
  damage: ReadErrors,
  range: TimeRange = {},
  { isLight, progress, ...wanted }: Reading = {},
): AsyncGenerator<Operation> {
  const opened = await open(capture, damage, range, progress, wanted.filter)
  try {
    for (const operation of operationSummaries(opened, { range, ...wanted }))
      yield isLight ? operation : opened.light.whole(operation)
  } finally {
    opened.close()
  }
}
