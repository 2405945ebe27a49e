import type { Ledger } from "../../model/ledger/ledger.ts"
import { walk } from "../../model/operation.ts"
import type { TimeRange } from "../capture/calls.ts"
import type { Capture } from "../capture/capture.ts"
import type { ReadErrors } from "../capture/read-errors.ts"
import { textAt } from "../index/columns.ts"
import { BlockBuffer } from "../index/index-file.ts"
import { Candidates } from "../index/read/candidates.ts"
import { type IndexedCapture, openIndexedCapture, operationSummaries } from "../index/read/indexed-capture.ts"
import { settledContainers } from "../index/read/settled-containers.ts"
import type { ReadOptions } from "./operations.ts"

/** `nodes`: names of the nodes that recorded. `wanted`: containers of matching operations; undefined: all. */
export type BookedLedger = { operations: number; nodes: ReadonlySet<string>; wanted: ReadonlySet<string> | undefined }

/** Deleted containers whose details the ledger needs too: those with a line that this prefilter finds, or all. */
export type DetailsOf = { prefilter: string } | "all"

/**
 * Books every operation of a capture. Most containers were added once and deleted successfully by each of their plugins:
 * these are booked as gone from the index alone. The operations of all others are read with their streams, in order.
 */
export async function bookLedger(
  ledger: Ledger,
  capture: Capture,
  errors: ReadErrors,
  { range = {}, filter, nowMs, progress, detailsOf }: ReadOptions & { range?: TimeRange; detailsOf?: DetailsOf },
): Promise<BookedLedger> {
  const indexed = await openIndexedCapture(capture, errors, {}, progress)
  try {
    const candidates =
      detailsOf && detailsOf !== "all"
        ? await Candidates.search(indexed.blocks, detailsOf.prefilter, progress)
        : undefined
    const detailed = candidates ? containersWith(indexed, candidates) : new Set<string>()
    const settled = detailsOf === "all" ? undefined : settledContainers(indexed, detailed)
    if (settled) ledger.addGone(settled.gone)
    for (const { header } of indexed.blocks) ledger.addDataDirs(header.dataDirs)
    let operations = 0
    const unsettled = settled ? { ...indexed, spanningOperations: settled.spanningOperations } : indexed
    for (const operation of operationSummaries(unsettled, {}, settled && ((ref) => settled.others(ref)))) {
      ledger.add(operation, indexed.summaries)
      operations++
    }
    const wanted = filter && new Set<string>()
    if (wanted && filter) {
      for (const { containerId } of operationSummaries(indexed, {
        range,
        filter,
        ...(nowMs === undefined ? {} : { nowMs }),
      }))
        if (containerId) wanted.add(containerId)
    }
    return {
      operations: settled?.operations ?? operations,
      nodes: new Set(indexed.blocks.flatMap(({ header }) => header.clockEpochs.map(({ node }) => node))),
      wanted,
    }
  } finally {
    indexed.close()
  }
}

/** Containers of the calls that have a candidate line. */
function containersWith(
  { blocks, spanningOperations, summaries }: IndexedCapture,
  candidates: Candidates,
): Set<string> {
  const containers = new Set<string>()
  const buffer = new BlockBuffer()
  for (const ref of blocks) {
    if (candidates.isNowhereIn(ref)) continue
    const block = ref.index.block(ref.number, buffer)
    const isCandidate = candidates.ofRow(ref, block)
    for (let row = 0; row < block.columns.rows; row++) {
      const containerId = isCandidate(row) ? textAt(block.columns, "containerId", row) : undefined
      if (containerId !== undefined) containers.add(containerId)
    }
  }
  for (const { calls } of spanningOperations)
    for (const { call } of walk(calls))
      if (call.containerId !== undefined && summaries.isCandidate(call, candidates)) containers.add(call.containerId)
  return containers
}
