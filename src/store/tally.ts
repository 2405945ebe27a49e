import type { Call } from "../model/call.ts"
import { EVERYTHING } from "../model/filter/filter.ts"
import { toMatcher } from "../model/filter/match.ts"
import { walk } from "../model/operation.ts"
import type { TalliedCall, Tally } from "../model/statistics.ts"
import type { TimeRange } from "./calls.ts"
import type { Capture } from "./capture.ts"
import type { Damage } from "./damage.ts"
import type { Block } from "./index/block.ts"
import { exitAt, stateAt, textAt } from "./index/columns.ts"
import { matchesRow } from "./index/match.ts"
import { needsStreams, open, ownOperations } from "./index/reader.ts"
import type { Reading } from "./operations.ts"

/** Adds every call that matches and began in the range, from the indexes' columns where these decide it. */
export async function tallyCalls(
  tally: Tally,
  capture: Capture,
  damage: Damage,
  { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY, ...more }: TimeRange & Reading,
): Promise<void> {
  const { filter = EVERYTHING, nowMs, progress } = more
  const opened = await open(capture, damage, { sinceMs, untilMs }, progress)
  const { light } = opened
  const isInRange = (wallMs: number) => wallMs >= sinceMs && wallMs <= untilMs
  const matcher = toMatcher(filter, nowMs)
  const isDeep = needsStreams(filter)
  const matches = (call: Call) => matcher.call(isDeep ? light.wholeCall(call) : call)
  try {
    for (const { calls } of opened.crossed)
      for (const { call } of walk(calls)) if (isInRange(call.wallMs) && matches(call)) tally.add(call, () => call)
    for (const ref of opened.blocks) {
      const block = ref.index.block(ref.number)
      const { columns } = block
      const decide = matchesRow(columns, filter)
      const at = rowReader(block)
      const { from } = columns.operations
      for (const operation of ownOperations(ref, block, opened.crossing)) {
        const end = from[operation + 1] ?? columns.rows
        for (let row = from[operation] ?? 0; row < end; row++) {
          if (!isInRange(columns.numbers.wallMs[row] ?? 0)) continue
          const whole = () => light.call(ref.segment, block, row)
          if (decide(row) ?? matches(whole())) tally.add(at(row), whole)
        }
      }
    }
  } finally {
    opened.close()
  }
}

/** One object for all rows: a tally keeps none. */
function rowReader({ columns }: Block): (row: number) => TalliedCall {
  const { numbers } = columns
  const call: { -readonly [Name in keyof TalliedCall]: TalliedCall[Name] | undefined } = {
    plugin: "",
    command: "",
    wallMs: 0,
    durationMs: undefined,
    state: "ended",
    exit: undefined,
  }
  return (row) => {
    const durationMs = numbers.durationMs[row] ?? Number.NaN
    call.plugin = textAt(columns, "plugin", row) ?? ""
    call.command = textAt(columns, "command", row) ?? ""
    call.wallMs = numbers.wallMs[row] ?? 0
    call.durationMs = Number.isNaN(durationMs) ? undefined : durationMs
    call.state = stateAt(columns, row)
    call.exit = exitAt(columns, row)
    return call as TalliedCall
  }
}
