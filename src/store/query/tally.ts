import type { Call } from "../../model/call.ts"
import { EVERYTHING } from "../../model/filter/filter.ts"
import { fieldsOf, toMatcher } from "../../model/filter/match.ts"
import { walk } from "../../model/operation.ts"
import type { CallCounts, Tally } from "../../model/statistics/statistics.ts"
import type { TimeRange } from "../capture/calls.ts"
import type { Capture } from "../capture/capture.ts"
import type { ReadErrors } from "../capture/read-errors.ts"
import { type Columns, isFailedAt, stateAt } from "../index/columns.ts"
import { Window } from "../index/index-file.ts"
import { matchesRow } from "../index/match.ts"
import { needsStreams, open } from "../index/reader.ts"
import type { Reading } from "./operations.ts"

/** Adds every call that matches and began in the range, from the indexes' columns where these decide it. */
export async function tallyCalls(
  tally: Tally,
  capture: Capture,
  damage: ReadErrors,
  { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY, ...more }: TimeRange & Reading,
): Promise<void> {
  const { filter = EVERYTHING, nowMs, progress } = more
  const opened = await open(capture, damage, { sinceMs, untilMs }, progress, filter)
  const { light, crossing, hits } = opened
  const isInRange = (wallMs: number) => wallMs >= sinceMs && wallMs <= untilMs
  const matcher = toMatcher(filter, nowMs)
  const isDeep = needsStreams(filter)
  const matches = (call: Call) => matcher.call(isDeep ? light.wholeCall(call) : call)
  const isSelective = fieldsOf(filter).length > 0
  const window = new Window()
  try {
    for (const { calls } of opened.crossed)
      for (const { call } of walk(calls)) if (isInRange(call.wallMs) && matches(call)) tally.add(call)
    for (const ref of opened.blocks) {
      const block = ref.index.block(ref.number, window)
      const { columns } = block
      const { numbers, operations } = columns
      const decide = matchesRow(columns, filter)
      const mayRow = hits?.ofRow(ref, block) ?? (() => true)
      const groupAt = groupReader(tally, columns)
      const crosses = crossing.test(ref)
      const call = (row: number) => light.call(ref.segment, block, row)
      for (let operation = 0; operation < operations.from.length; operation++) {
        if (crosses(operation)) continue
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
    opened.close()
  }
}

/** A block has few plugins and commands, each many times; the calls of an operation are of one command. */
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
