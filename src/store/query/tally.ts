import type { Call } from "../../model/call.ts"
import { EVERYTHING } from "../../model/filter/filter.ts"
import { fieldsOf, needsRecords, toMatcher } from "../../model/filter/match.ts"
import type { TimeRange } from "../../model/filter/time-range.ts"
import { walk } from "../../model/operation.ts"
import type { CallCounts, Tally } from "../../model/statistics/statistics.ts"
import type { Capture } from "../capture/capture.ts"
import type { ReadErrors } from "../capture/read-errors.ts"
import { type Columns, isFailedAt, stateAt } from "../index/columns.ts"
import { BlockBuffer } from "../index/index-file.ts"
import { openIndexedCapture } from "../index/read/indexed-capture.ts"
import { matchesRow } from "../index/read/match-columns.ts"
import type { ReadOptions } from "./operations.ts"

/** Adds every matching call that began in the range, from the columns of the indexes if these decide the filter. */
export async function tallyCalls(
  tally: Tally,
  capture: Capture,
  errors: ReadErrors,
  { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY, ...more }: TimeRange & ReadOptions,
): Promise<void> {
  const { filter = EVERYTHING, nowMs, progress } = more
  const indexed = await openIndexedCapture(capture, errors, { sinceMs, untilMs }, progress, filter)
  const { summaries, spanning, candidates } = indexed
  const isInRange = (wallMs: number) => wallMs >= sinceMs && wallMs <= untilMs
  const matcher = toMatcher(filter, nowMs)
  const isDeep = needsRecords(filter)
  const matches = (call: Call) =>
    isDeep ? matcher.call(summaries.wholeCall(call)) : matcher.call(call, summaries.summaryOf(call))
  const isSelective = fieldsOf(filter).length > 0
  const buffer = new BlockBuffer()
  try {
    for (const { calls } of indexed.spanningOperations)
      for (const { call } of walk(calls)) if (isInRange(call.wallMs) && matches(call)) tally.add(call)
    for (const ref of indexed.blocks) {
      const block = ref.index.block(ref.number, buffer)
      const { columns } = block
      const { numbers, operations } = columns
      const decide = matchesRow(columns, filter)
      const mayRow = candidates?.ofRow(ref, block) ?? (() => true)
      const groupAt = groupReader(tally, columns)
      const isSpanning = spanning.test(ref)
      const call = (row: number) => summaries.call(ref.segment, block, row)
      for (let operation = 0; operation < operations.from.length; operation++) {
        if (isSpanning(operation)) continue
        const end = operations.from[operation + 1] ?? columns.rows
        for (let row = operations.from[operation] ?? 0; row < end; row++) {
          const wallMs = numbers.wallMs[row] ?? 0
          if (!isInRange(wallMs) || (isSelective && !(decide(row) ?? (mayRow(row) && matches(call(row)))))) continue
          const durationMs = numbers.durationMs[row] ?? 0
          tally.count(groupAt(row), wallMs, durationMs, isFailedAt(columns, row), stateAt(columns, row) === "running")
          if (tally.isSlow(durationMs)) tally.addSlow(call(row))
        }
      }
    }
  } finally {
    indexed.close()
  }
}

/** A block has few plugins and commands; the calls of an operation nearly always have the same command. */
function groupReader(tally: Tally, { texts, dictionary }: Columns): (row: number) => CallCounts {
  const known = new Map<number, CallCounts[]>()
  let groups: CallCounts[] = []
  let last = -1
  return (row) => {
    const [plugin = 0, command = 0] = [texts.plugin[row], texts.command[row]]
    if (command !== last) {
      last = command
      groups = known.get(command) ?? []
      known.set(command, groups)
    }
    groups[plugin] ??= tally.group(dictionary.text(plugin) ?? "", dictionary.text(command) ?? "")
    return groups[plugin]
  }
}
