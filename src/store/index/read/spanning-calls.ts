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
      const { from } = block.columns.operations
      for (let operation = 0; operation < from.length; operation++) {
        if (!isSpanning(operation)) continue
        const end = from[operation + 1] ?? block.columns.rows
        for (let row = from[operation] ?? 0; row < end; row++) {
          const call = summaries.call(ref.segment, block, row)
          if (!calls.has(call.id)) calls.set(call.id, call)
        }
      }
    }
  }
  collect()
  // A parent with another container or command than its call is rare, and is found by its ID.
  const missing = [...calls.values()].flatMap(({ parent }) => (parent && !calls.has(parent) ? [parent] : []))
  if (missing.length > 0) {
    spanning.addParents(new Set(missing))
    collect()
  }
  joinEnds(blocks, calls, summaries, errors)
  joinProgress(blocks, calls, summaries)
  setStates(capture, calls.values())
  return [...calls.values()]
}

function joinEnds(
  blocks: readonly BlockRef[],
  calls: Map<string, Call>,
  summaries: SummaryReader,
  errors: ReadErrors,
): void {
  const joiner = new Joiner<Call>()
  for (const call of calls.values()) if (call.state !== "ended") joiner.begin(call.id, call)
  for (const { segment, header } of blocks) {
    errors.addCounts(header.readErrors)
    for (const { header: end, offset } of header.orphans) {
      const call = joiner.end(end.id)
      if (!call) errors.add("orphan", segment.name, offset)
      else {
        complete(call, end)
        summaries.setEnd(call, { segment, offset }, end.summary)
      }
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
  const processOf = processes()
  for (const call of calls) {
    const isAlive = call.state === "ended" ? undefined : processOf(call)
    if (isAlive) call.state = isAlive() ? "running" : "killed"
  }
}
