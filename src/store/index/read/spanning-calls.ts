import type { Call } from "../../../model/call.ts"
import type { Capture } from "../../capture/capture.ts"
import { Joiner } from "../../capture/joiner.ts"
import type { ReadErrors } from "../../capture/read-errors.ts"
import { processes } from "../../node/process.ts"
import { complete } from "../../scan/read-header.ts"
import type { Block } from "../block.ts"
import { BlockBuffer } from "../index-file.ts"
import type { BlockRef, SpanningFinder } from "./spanning-finder.ts"
import type { SummaryReader } from "./summary-reader.ts"

/**
 * The calls of the spanning operations of all blocks, joined with their end lines; an end line without a begin line is a
 * read error. `visit` is called with each block, so that callers need not read it again; it may be called twice.
 */
export function spanningCalls(
  capture: Capture,
  blocks: readonly BlockRef[],
  spanning: SpanningFinder,
  summaries: SummaryReader,
  errors: ReadErrors,
  visit: (ref: BlockRef, block: Block, isSpanning: (operation: number) => boolean) => void,
): Call[] {
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
  completeCalls(capture, blocks, summaries, errors, calls)
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
export function completeCalls(
  capture: Capture,
  blocks: readonly BlockRef[],
  summaries: SummaryReader,
  errors: ReadErrors,
  calls: ReadonlyMap<string, Call>,
): void {
  joinEnds(blocks, calls, summaries, errors)
  joinProgress(blocks, calls, summaries)
  setStates(capture, calls.values())
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

/** Calls without an end are running or were killed: their processes are looked up. */
function setStates(capture: Capture, calls: Iterable<Call>): void {
  if (!capture.isLive) return
  const processOf = processes(capture.root)
  for (const call of calls) {
    const isAlive = call.state === "ended" ? undefined : processOf(call)
    if (isAlive) call.state = isAlive() ? "running" : "killed"
  }
}
