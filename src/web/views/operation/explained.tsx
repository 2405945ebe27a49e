import { useMemo } from "preact/hooks"
import { counterpartsOf } from "../../../model/compare/counterparts.ts"
import type { Explanation, Statement } from "../../../model/explain/statement.ts"
import { podName } from "../../../model/format.ts"
import { walk } from "../../../model/operation.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { timeOfDay } from "../../parts/clock.ts"
import { reasonOf } from "../../parts/list/operation-row.tsx"
import { ScrollRegion } from "../../parts/list/scroll-region.tsx"
import { operationById, operations } from "../../state/capture.ts"
import { allErrorGroups, errorFilter, messageOf } from "../../state/errors.ts"
import { useExplanation } from "../../state/explanation.ts"
import { nowMs } from "../../state/now.ts"
import { link } from "../../state/route.ts"
import "./explained.css"

/** On a narrow screen it would hide the calls. */
const LEAST_OPEN_PX = 640

type ExplainedRow = { topic: string; text: string; href?: string; linked?: string }

/** Why an operation ended as it did, first in one line, then what `cnitap explain` knows about it. */
export function Explained({ operation }: { operation: OperationSummary }) {
  const explanation = useExplanation(operation)
  const cause = explanation?.statements.find(({ topic }) => topic === "first failure" || topic === "in flight")
  const why = cause?.text ?? reasonOf(operation)
  const others = explanation?.statements.filter((statement) => statement !== cause) ?? []
  const stated = others.map((statement) => rowOf(statement, operation))
  const compared = useMemo(() => (explanation ? counterpart(operation, explanation) : []), [explanation])
  const isNext = (row: ExplainedRow) => row.topic === "next step"
  const rows = [...stated.filter((row) => !isNext(row)), ...sameError(operation), ...compared, ...stated.filter(isNext)]
  return (
    <div class={`explained ${operation.outcome}`}>
      {why && <p class={`why ${operation.outcome}`}>{why}</p>}
      {explanation && (
        <details open={explanation.hasProblem && innerWidth >= LEAST_OPEN_PX}>
          <summary>{explanation.headline}</summary>
          <ScrollRegion class="statements" label="explanation">
            <dl>
              {rows.map((row) => (
                <div key={row.topic + row.text}>
                  <dt>{row.topic}</dt>
                  <dd>
                    <Linked {...row} />
                  </dd>
                </div>
              ))}
            </dl>
          </ScrollRegion>
        </details>
      )}
    </div>
  )
}

/** The text, with a link on what it names, or behind it. */
function Linked({ text, href, linked }: ExplainedRow) {
  if (!href) return <>{text}</>
  const at = linked ? text.indexOf(linked) : -1
  if (!linked || at < 0)
    return (
      <>
        {text} <a href={href}>{linked ?? "show"}</a>
      </>
    )
  return (
    <>
      {text.slice(0, at)}
      <a href={href}>{linked}</a>
      {text.slice(at + linked.length)}
    </>
  )
}

function rowOf({ topic, text, call }: Statement, operation: OperationSummary): ExplainedRow {
  if (call === undefined) {
    const isPod = topic === "attempts" && operation.pod
    return isPod ? { topic, text, href: link({ view: "pods", pod: podName(operation) }) } : { topic, text }
  }
  const isOwn = walk(operation.calls).some(({ call: { id } }) => id === call)
  const href = isOwn
    ? link({ panel: "calls", call, stream: undefined })
    : link({ operation: call, panel: "calls", call: undefined, stream: undefined })
  return { topic, text, href, ...(text.includes(call) ? { linked: call } : {}) }
}

/** How often other operations failed in the same way, with the filter that lists them. */
function sameError(operation: OperationSummary): ExplainedRow[] {
  const message = messageOf(operation)
  const group = allErrorGroups.value.find((one) => one.message === message)
  if (message === undefined || !group || group.count < 2) return []
  const [others, pods] = [group.count - 1, group.pods]
  const text = `${others === 1 ? "1 other operation" : `${others} other operations`} failed in the same way; ${pods === 1 ? "1 pod" : `${pods} pods`}, ${timeOfDay(group.firstMs, nowMs.peek())} to ${timeOfDay(group.lastMs, nowMs.peek())}`
  return [{ topic: "same error", text, href: link({ q: errorFilter(group) }), linked: text.split(" failed")[0] ?? "" }]
}

/** The operation that `cnitap explain` compares it with, else the one that the comparison proposes first, if it worked. */
function counterpart(operation: OperationSummary, { statements }: Explanation): ExplainedRow[] {
  if (operation.outcome === "ok") return []
  const compared = statements.find(({ topic }) => topic === "compared")?.call
  const best = operationById(compared) ?? counterpartsOf(operation, operations.peek(), { most: 1 })[0]
  if (best?.outcome !== "ok") return []
  const name = `${best.command} ${podName(best)}`
  const text = `${name} worked at ${timeOfDay(best.wallMs, nowMs.peek())}`
  return [
    { topic: "compare with", text, href: link({ panel: "compare", other: best.id, call: undefined }), linked: name },
  ]
}
