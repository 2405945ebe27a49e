import { type Call, isFailed } from "../../../model/call.ts"
import { ANSWERS, CALL_FACTS } from "../../../model/call-schema.ts"
import type { CallTable } from "../../../model/grouping/call-table.ts"
import type { Grouped } from "../../../model/grouping/group-calls.ts"
import { NO_LINE } from "../columns.ts"
import type { BlockBuilder } from "./block-builder.ts"

/**
 * Fills the columns that only a parsed result shows: the answer of the last call of an ADD, if no call failed, and the
 * addresses that the pod got, at the last call that has some. To be called before the rows are copied.
 */
export function readAnswers(builder: BlockBuilder, table: CallTable, { rows, level, from }: Grouped): void {
  const { answers, columns, texts } = builder
  for (let operation = 0; operation < from.length; operation++) {
    const first = from[operation] ?? 0
    const end = from[operation + 1] ?? rows.length
    let isDecisive = wentWell(columns.end, table, rows.subarray(first, end), level.subarray(first, end))
    for (let place = end - 1; place >= first; place--) {
      const row = rows[place] ?? 0
      if (level[place] !== 0) continue
      const { answer, ips } = answers.has(row) ? answers.of(row, callAt(builder, row)) : NOTHING
      if (isDecisive && answer !== undefined) columns.answer[row] = ANSWERS.indexOf(answer)
      const isRefused =
        isDecisive && answer !== undefined && answer !== "result" && isFailed({ state: "ended", answer })
      isDecisive = false
      if (isRefused || ips.length === 0) continue
      columns.summary[row] = texts.numberOf(JSON.stringify({ ips }))
      break
    }
  }
}

const NOTHING = { answer: undefined, ips: [] }

/** Whether all calls ended, and no top-level call failed. */
function wentWell(ends: Uint32Array, { isProbe, isFailed }: CallTable, rows: Uint32Array, level: Uint16Array): boolean {
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place] ?? 0
    if (ends[row] === NO_LINE && isProbe[row] === 0) return false
    if (level[place] === 0 && isFailed[row] === 1) return false
  }
  return true
}

function callAt({ columns, texts }: BlockBuilder, row: number): Pick<Call, "as" | "plugin" | "ifname" | "cniVersion"> {
  const [ifname, cniVersion] = [texts.text(columns.ifname[row] ?? 0), texts.text(columns.cniVersion[row] ?? 0)]
  return {
    as: CALL_FACTS.as.values[columns.as[row] ?? 0] ?? "relay",
    plugin: texts.text(columns.plugin[row] ?? 0),
    ...(ifname ? { ifname } : {}),
    ...(cniVersion ? { cniVersion } : {}),
  }
}
