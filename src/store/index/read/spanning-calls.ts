import type { Call } from "../../../model/call.ts"
import type { Capture } from "../../capture/capture.ts"
import type { ReadErrors } from "../../capture/read-errors.ts"
import { processes } from "../../node/process.ts"
import { complete } from "../../scan/record-header.ts"
import type { Block } from "../block.ts"
import { BlockBuffer } from "../index-file.ts"
import type { BlockRef, SpanningFinder } from "./spanning-finder.ts"
import type { SummaryReader } from "./summary-reader.ts"

/**
 * The calls of crossing operations of all blocks, their ends joined; what has no beginning is damage. `visit` sees each
 * block on the way, so that none has to be read twice; it may see all of them once more.
 */
export function spanningCalls(
  capture: Capture,
  blocks: readonly BlockRef[],
  crossing: SpanningFinder,
  light: SummaryReader,
  damage: ReadErrors,
  visit: (ref: BlockRef, block: Block, crosses: (operation: number) => boolean) => void,
): Call[] {
  const calls = new Map<string, Call>()
  const window = new BlockBuffer()
  const collect = () => {
    for (const ref of blocks) {
      const block = ref.index.block(ref.number, window)
      const crosses = crossing.test(ref)
      visit(ref, block, crosses)
      const { from } = block.columns.operations
      for (let operation = 0; operation < from.length; operation++) {
        if (!crosses(operation)) continue
        const end = from[operation + 1] ?? block.columns.rows
        for (let row = from[operation] ?? 0; row < end; row++) {
          const call = light.call(ref.segment, block, row)
          if (!calls.has(call.id)) calls.set(call.id, call)
        }
      }
    }
  }
  collect()
  // A parent of another container or command than its call: rare, and found by its id.
  const missing = [...calls.values()].flatMap(({ parent }) => (parent && !calls.has(parent) ? [parent] : []))
  if (missing.length > 0) {
    crossing.addParents(new Set(missing))
    collect()
  }
  joinEnds(blocks, calls, light, damage)
  judge(capture, calls.values())
  return [...calls.values()]
}

function joinEnds(
  blocks: readonly BlockRef[],
  calls: Map<string, Call>,
  light: SummaryReader,
  damage: ReadErrors,
): void {
  for (const { segment, header } of blocks) {
    damage.addCounts(header.readErrors)
    for (const { header: end, offset } of header.orphans) {
      const call = calls.get(end.id)
      if (!call || call.state === "ended") damage.add("orphan", segment.name, offset)
      else {
        complete(call, end)
        light.setEnd(call, { segment, offset }, end.summary)
      }
    }
  }
}

/** Running or killed: the process of a call that never ended is looked up. */
function judge(capture: Capture, calls: Iterable<Call>): void {
  if (!capture.isLive) return
  const processOf = processes()
  for (const call of calls) {
    const isAlive = call.state === "ended" ? undefined : processOf(call)
    if (isAlive) call.state = isAlive() ? "running" : "killed"
  }
}
