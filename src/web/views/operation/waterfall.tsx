import { duration } from "../../../model/format.ts"
import { callOutcome } from "../../../model/outcome.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { toWaterfall, type WaterfallRow } from "../../../model/waterfall.ts"
import { operationLabel } from "../../parts/list/operation-row.tsx"
import { OUTCOME_WORDS, OutcomeMark } from "../../parts/marks/outcome.tsx"
import { nowMs } from "../../state/now.ts"
import { link } from "../../state/route.ts"
import "./waterfall.css"

const UNSEEN = "ended at a time that was not recorded"
const KINDS = { spawn: "starting the process", work: "work", wait: "waiting for nested calls" } as const

/** The calls of an operation over time. */
export function Waterfall({
  operation,
  chosenId,
  scaleMs = 0,
}: {
  operation: OperationSummary
  chosenId: string | undefined
  /** the axis is at least as long */
  scaleMs?: number
}) {
  const { rows, totalMs: exactMs } = toWaterfall(
    operation,
    operation.outcome === "running" ? nowMs.value : nowMs.peek(),
  )
  const isOpenEnded = rows.some(({ isEndUnknown, toMs }) => isEndUnknown && toMs >= exactMs)
  const totalMs = Math.max(isOpenEnded ? exactMs * 1.2 : exactMs, scaleMs, 0.001)
  // Of a single call that was killed nothing but its start is known.
  const ticks = exactMs > 0 || scaleMs > 0 ? ticksOf(totalMs) : []
  const left = (ms: number) => `${(100 * ms) / totalMs}%`
  return (
    <section class="waterfall" aria-label={`waterfall of ${operationLabel(operation)}`}>
      <div class="axis" aria-hidden="true">
        <span class="axis-name">{operation.command === "DEL" ? "reverse order of the list" : ""}</span>
        <div class="axis-ticks">
          {ticks.map((ms) => (
            <span key={ms} style={{ left: left(ms) }}>
              {ms === 0 ? "0" : duration(ms)}
            </span>
          ))}
        </div>
      </div>
      <ol>
        {rows.map((row) => (
          <li key={row.call.id}>
            <a
              class={`span ${row.call.id === chosenId ? "chosen" : ""}`}
              href={link({ operation: operation.id, panel: "calls", call: row.call.id, stream: undefined })}
              aria-current={row.call.id === chosenId ? "true" : undefined}
              title={labelOf(row)}
            >
              <span class="span-name" style={{ paddingLeft: `${row.level * 16}px` }}>
                {row.level > 0 && <i class="elbow" aria-hidden="true" />}
                <OutcomeMark outcome={callOutcome(row.call)} />
                <span class="nowrap">{row.call.plugin}</span>
              </span>
              <span class={`track ${callOutcome(row.call)} ${row.isOpen ? "open" : ""}`} aria-hidden="true">
                {ticks.map((ms) => (
                  <i key={ms} class="tick" style={{ left: left(ms) }} />
                ))}
                {row.isEndUnknown && (
                  <i
                    class="piece unseen"
                    title={UNSEEN}
                    style={{ left: left(row.toMs), width: left(totalMs - row.toMs) }}
                  />
                )}
                {row.spans.map(({ kind, fromMs, toMs }) => (
                  <i
                    key={fromMs}
                    class={`piece ${kind}`}
                    title={`${KINDS[kind]} ${duration(toMs - fromMs)}`}
                    style={{ left: left(fromMs), width: left(toMs - fromMs) }}
                  />
                ))}
                <b class="took mono" style={{ left: `calc(${left(row.isEndUnknown ? totalMs : row.toMs)} + 6px)` }}>
                  {row.isEndUnknown ? "end unseen" : duration(row.toMs - row.fromMs)}
                </b>
              </span>
            </a>
          </li>
        ))}
      </ol>
      <p class="legend" aria-hidden="true">
        {[...Object.entries(KINDS), ...(rows.some(({ isEndUnknown }) => isEndUnknown) ? [["unseen", UNSEEN]] : [])].map(
          ([kind, text]) => (
            <span key={kind}>
              <i class={`piece ${kind}`} />
              {text}
            </span>
          ),
        )}
      </p>
    </section>
  )
}

function labelOf({ call, level, spans, fromMs, toMs, isEndUnknown }: WaterfallRow): string {
  const parts = spans.map(({ kind, fromMs: from, toMs: to }) => `${KINDS[kind]} ${duration(to - from)}`)
  const nested = level > 0 ? `, nested ${level} deep` : ""
  if (isEndUnknown)
    return `${call.plugin}${nested}: ${OUTCOME_WORDS[callOutcome(call)]}, from ${duration(fromMs)}, ${UNSEEN}`
  return `${call.plugin}${nested}: ${OUTCOME_WORDS[callOutcome(call)]}, from ${duration(fromMs)} for ${duration(toMs - fromMs)} (${parts.join(", ")})`
}

/** Four to eight round numbers of milliseconds. */
function ticksOf(totalMs: number): number[] {
  const rough = totalMs / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough
  return Array.from({ length: Math.floor((totalMs * 0.97) / step) + 1 }, (_, at) => at * step)
}
