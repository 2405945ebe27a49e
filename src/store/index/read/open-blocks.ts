import type { TimeRange } from "../../../model/filter/time-range.ts"
import type { CurrentLists } from "../../../model/incomplete-list.ts"
import type { Operation } from "../../../model/operation.ts"
import { isInRange } from "../../capture/calls.ts"
import type { Capture } from "../../capture/capture.ts"
import type { Progress } from "../../capture/progress.ts"
import { completeSegments, type Segment } from "../../capture/segments.ts"
import { openIndexes } from "../build/open-indexes.ts"
import { type Order, orderOf } from "../clock-order.ts"
import type { BlockRef } from "./spanning-finder.ts"
import { SummaryReader } from "./summary-reader.ts"

/** A capture whose segments have indexes, before anything but the headers of their blocks was read. */
export type OpenBlocks = {
  capture: Capture
  /** all segments, of the sizes up to which they are read */
  segments: readonly Segment[]
  currentLists: CurrentLists | undefined
  /** in the order of the first calls in them */
  blocks: BlockRef[]
  order: Order
  summaries: SummaryReader
  close(): void
}

/** Builds missing indexes first, which may take a while. */
export async function openBlocks(
  capture: Capture,
  range: TimeRange = {},
  progress?: Progress,
  currentLists?: CurrentLists,
  summaries = new SummaryReader(),
): Promise<OpenBlocks> {
  const listed = await completeSegments(capture)
  const segments = listed.filter((segment) => isInRange(segment, range))
  const indexes = await openIndexes(capture, segments, progress)
  const unordered = indexes.flatMap((index, at) =>
    index.headers.map((header, number) => ({ segment: segments[at] as Segment, index, number, header })),
  )
  const order = orderOf(unordered.flatMap(({ header }) => header.clockEpochs))
  return {
    capture,
    segments: listed,
    currentLists,
    blocks: inOrder(unordered, order),
    order,
    summaries,
    close() {
      summaries.close()
      for (const index of indexes) index.close()
    },
  }
}

/** If a node's clock was set, its blocks are not in order of time in the segments. */
function inOrder(blocks: BlockRef[], order: Order): BlockRef[] {
  const starts = new Map(blocks.map((ref) => [ref, earliestOf(ref, order)]))
  return blocks.toSorted((a, b) => {
    const [first, second] = [starts.get(a), starts.get(b)]
    // A block without calls has no place in time: it comes last, so that nothing waits for it.
    if (!first || !second) return first ? -1 : second ? 1 : 0
    return order.compare(first, second)
  })
}

export function earliestOf(ref: BlockRef | undefined, order: Order): ReturnType<Order["earliest"]> {
  return ref && order.earliest(ref.header.clockEpochs)
}

export function byFirst(order: Order): (a: Operation, b: Operation) => number {
  return (a, b) => {
    const [first, second] = [a.calls[0]?.call, b.calls[0]?.call]
    return first && second ? order.compare(first, second) : 0
  }
}
