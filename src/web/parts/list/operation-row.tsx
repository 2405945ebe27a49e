import { isFailed } from "../../../model/call.ts"
import { duration, podName, stateText } from "../../../model/format.ts"
import { HANG_MS } from "../../../model/lint/rules/process-rules.ts"
import { walk } from "../../../model/operation.ts"
import { callOutcome, reasonText } from "../../../model/outcome.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { barScaleMs } from "../../state/bar-scale.ts"
import { hasSeveralNodes } from "../../state/capture.ts"
import { minuteMs, nowMs } from "../../state/now.ts"
import { zoneLabel } from "../../state/preferences/time-zone.ts"
import { exactTime, timeOfDay } from "../clock.ts"
import { OUTCOME_WORDS, OutcomeMark } from "../marks/outcome.tsx"
import { MiddleCut } from "./middle-cut.tsx"
import "./operation-row.css"

/** One operation in a list. `isSketch`: it flies past, and only what can be noticed is drawn. */
export function OperationRow({ operation, isSketch = false }: { operation: OperationSummary; isSketch?: boolean }) {
  const { command, outcome, wallMs } = operation
  const reason = isSketch ? undefined : reasonOf(operation)
  return (
    <>
      <OutcomeMark outcome={outcome} />
      <span class="time mono" title={isSketch ? undefined : exactTime(wallMs)}>
        {timeOfDay(wallMs, minuteMs.value)}
      </span>
      <span class="command">{command || "(none)"}</span>
      <Where operation={operation} isSketch={isSketch} />
      <span class={`said nowrap ${reason ? "reason" : ""}`}>{!isSketch && (reason ?? pluginsOf(operation))}</span>
      <span class="ips mono nowrap">{!isSketch && addressesOf(operation)}</span>
      <span class="duration mono">{!isSketch && tookText(operation)}</span>
      {isSketch ? <span class="bars" /> : <Bars operation={operation} />}
    </>
  )
}

/** What the columns of operations are. */
export function OperationHeading() {
  return (
    <div class="row-heading" aria-hidden="true">
      <span />
      <span class="time">{zoneLabel(nowMs.peek())}</span>
      <span class="command">command</span>
      {hasSeveralNodes.value && <span class="node">node</span>}
      <span>pod</span>
      <span>plugins or error</span>
      <span class="ips">addresses</span>
      <span class="duration">took</span>
      <span class="scale">
        <span>0</span>
        <span>{duration(barScaleMs.value)}</span>
      </span>
    </div>
  )
}

/** The node is a column, or before the pod where there is no room for one. */
function Where({ operation, isSketch }: { operation: OperationSummary; isSketch: boolean }) {
  const pod = isSketch ? (
    <span class="pod nowrap">{podName(operation) || operation.network}</span>
  ) : (
    <PodText operation={operation} />
  )
  if (!hasSeveralNodes.value) return pod
  return (
    <span class="where nowrap">
      <span class="node nowrap dim">{operation.node ?? "(no node)"}</span> {pod}
    </span>
  )
}

function PodText({ operation: { pod, containerId, network } }: { operation: OperationSummary }) {
  if (!pod) return <span class="pod nowrap dim mono">{containerId?.slice(0, 13) ?? network ?? ""}</span>
  return <MiddleCut class="pod" dim={pod.namespace && `${pod.namespace}/`} text={pod.name} />
}

/** Of a call in flight: so far. */
function tookText({ durationMs, outcome, wallMs }: OperationSummary): string {
  if (durationMs !== undefined) return duration(durationMs)
  return outcome === "running" ? duration(Math.max(0, nowMs.value - wallMs)) : ""
}

/** The content of the row in one sentence. */
export function operationLabel(operation: OperationSummary): string {
  const { command, outcome, durationMs, wallMs } = operation
  const took = durationMs === undefined ? "" : `, took ${duration(durationMs)}`
  const reason = reasonOf(operation)
  return `${command} ${podName(operation) || operation.network || ""}, ${OUTCOME_WORDS[outcome]}${took}, at ${timeOfDay(wallMs, nowMs.peek())}${reason ? `: ${reason}` : ""}`
}

/** The innermost call that failed is the cause; its callers repeat its error. */
export function reasonOf(operation: OperationSummary): string | undefined {
  const { outcomeReason } = operation
  if (outcomeReason && outcomeReason.kind !== "plugin-failed") return reasonText(outcomeReason)
  let found: string | undefined
  for (const { call } of walk(operation.calls)) {
    const reason = operation.summaries.get(call.id)?.reason
    if (reason) found = `${call.plugin}: ${reason}`
    else if (isFailed(call)) found = `${call.plugin}: ${stateText(call)}`
    else if (call.state === "running") found = `${call.plugin} ${isHung(operation) ? "hangs" : "is running"}`
  }
  return found
}

/** In flight for so long that the runtime's timeout is near, or there is none. */
export function isHung({ outcome, wallMs }: OperationSummary): boolean {
  return outcome === "running" && nowMs.value - wallMs >= HANG_MS
}

function pluginsOf({ calls }: OperationSummary): string {
  return calls
    .map(({ call, children }) =>
      children.length > 0 ? `${call.plugin} (${children.map((child) => child.call.plugin).join(", ")})` : call.plugin,
    )
    .join(" → ")
}

/** The addresses in the last result that has some. */
export function addressesOf(operation: OperationSummary): string {
  return operation.calls.flatMap(({ call }) => operation.summaries.get(call.id)?.ips?.join(" ") ?? []).at(-1) ?? ""
}

/** A waterfall of the top-level calls, one line high, on the scale of all rows. */
function Bars({ operation }: { operation: OperationSummary }) {
  const first = operation.calls[0]?.call
  const last = operation.calls.at(-1)?.call
  if (!first || !last) return <span class="bars" />
  const isOpen = last.state === "running"
  const endMs = last.monoMs + (last.durationMs ?? (isOpen ? Math.max(0, nowMs.value - last.wallMs) : 0))
  const scaleMs = barScaleMs.value
  const share = (ms: number) => `${(100 * ms) / scaleMs}%`
  return (
    <span class={`bars ${endMs - first.monoMs > scaleMs ? "beyond" : ""}`} aria-hidden="true">
      {operation.calls.map(({ call }, at) => {
        const isUnseen = call.durationMs === undefined && call.state !== "running" && call.as !== "probe"
        const width = isUnseen ? scaleMs : (call.durationMs ?? Math.max(0, endMs - call.monoMs))
        return (
          <i
            key={at}
            class={isUnseen ? "unseen" : callOutcome(call)}
            title={`${call.plugin} ${duration(call.durationMs)}`}
            style={{ left: share(call.monoMs - first.monoMs), width: share(width) }}
          />
        )
      })}
    </span>
  )
}
