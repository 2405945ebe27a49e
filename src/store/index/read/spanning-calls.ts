import type { Call } from "../../../model/call.ts"
import type { Capture } from "../../capture/capture.ts"
import { conclude } from "../../capture/conclude.ts"
import type { OpenRecords } from "../../capture/follower.ts"
import { Joiner } from "../../capture/joiner.ts"
import type { ReadErrors } from "../../capture/read-errors.ts"
import type { Segment } from "../../capture/segments.ts"
import { complete, endHeader } from "../../scan/read-header.ts"
import type { Block } from "../block.ts"
import { BlockBuffer } from "../index-file.ts"
import type { OpenBlocks } from "./open-blocks.ts"
import type { BlockRef, SpanningFinder } from "./spanning-finder.ts"
import type { SummaryReader } from "./summary-reader.ts"

/**
 * The calls of the spanning operations of all blocks, joined with their end lines; an end line without a begin line is a
 * read error. `visit` is called with each block, so that callers need not read it again; it may be called twice.
 */
export async function spanningCalls(
  opened: OpenBlocks,
  spanning: SpanningFinder,
  errors: ReadErrors,
  visit: (ref: BlockRef, block: Block, isSpanning: (operation: number) => boolean) => void,
): Promise<Call[]> {
  const { blocks, summaries } = opened
  const calls = new Map<string, Call>()
  const buffer = new BlockBuffer()
  const collect = () => {
    for (const ref of blocks) {
      const block = ref.index.block(ref.number, buffer)
      const isSpanning = spanning.test(ref)
      visit(ref, block, isSpanning)
      addCalls(ref, block, [...block.columns.operations.from.keys()].filter(isSpanning), summaries, calls)
    }
  }
  collect()
  // A parent with another container or command than its call is rare, and is found by its ID.
  const missing = [...calls.values()].flatMap(({ parent }) => (parent && !calls.has(parent) ? [parent] : []))
  if (missing.length > 0) {
    spanning.addParents(new Set(missing))
    collect()
  }
  await completeCalls(opened, errors, calls)
  return [...calls.values()]
}

/** Adds the calls of some operations of a block, by their IDs. */
export function addCalls(
  { segment }: BlockRef,
  block: Block,
  operations: Iterable<number>,
  summaries: SummaryReader,
  calls: Map<string, Call>,
): void {
  const { operations: columns, rows } = block.columns
  for (const operation of operations) {
    const end = columns.from[operation + 1] ?? rows
    for (let row = columns.from[operation] ?? 0; row < end; row++) {
      const call = summaries.call(segment, block, row)
      if (!calls.has(call.id)) calls.set(call.id, call)
    }
  }
}

/** Adds to calls what other blocks have of them, and reports the end lines without a begin line in any block. */
export async function completeCalls(
  { capture, segments, blocks, summaries }: OpenBlocks,
  errors: ReadErrors,
  calls: ReadonlyMap<string, Call>,
): Promise<void> {
  joinEnds(blocks, calls, summaries, errors)
  joinProgress(blocks, calls, summaries)
  await setStates(capture, segments, calls, summaries)
}

function joinEnds(
  blocks: readonly BlockRef[],
  calls: ReadonlyMap<string, Call>,
  summaries: SummaryReader,
  errors: ReadErrors,
): void {
  const joiner = new Joiner<string>()
  for (const { header } of blocks) for (const { id } of header.openCalls) joiner.begin(id, id)
  for (const { segment, header } of blocks) {
    errors.addCounts(header.readErrors)
    errors.addLosses(header.losses)
    for (const { header: end, offset } of header.orphans) {
      if (joiner.end(end.id) === undefined) {
        errors.add("orphan", segment.name, offset)
        continue
      }
      const call = calls.get(end.id)
      if (!call || call.state === "ended") continue
      complete(call, end)
      summaries.setEnd(call, { segment, offset }, end.summary)
    }
  }
}

/** What calls without an end have written so far. */
function joinProgress(blocks: readonly BlockRef[], calls: ReadonlyMap<string, Call>, summaries: SummaryReader): void {
  const lastMs = new Map<Call, number>()
  for (const { segment, header } of blocks) {
    for (const { id, monoMs, offset } of header.progress) {
      const call = calls.get(id)
      if (!call || call.state === "ended" || (lastMs.get(call) ?? 0) > monoMs) continue
      lastMs.set(call, monoMs)
      summaries.setProgress(call, { segment, offset })
    }
  }
}

/** Calls without an end are running, were killed, or have ended since the segments were listed. */
async function setStates(
  capture: Capture,
  segments: readonly Segment[],
  calls: ReadonlyMap<string, Call>,
  summaries: SummaryReader,
): Promise<void> {
  if (!capture.isLive) return
  const open: OpenRecords[] = []
  for (const call of calls.values()) {
    const records = call.state === "ended" ? undefined : summaries.openRecords(call)
    if (records) open.push(records)
  }
  for (const { begin, end, state } of await conclude(capture, segments, open)) {
    const call = calls.get(begin.record.id)
    if (!call) continue
    call.state = state
    if (!end) continue
    const header = endHeader(end.record)
    complete(call, header)
    summaries.setEnd(call, end, header.summary)
  }
}
