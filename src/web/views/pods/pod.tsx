import { duration } from "../../../model/format.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import type { PodHistory, Sandbox } from "../../../model/pod.ts"
import { timeOfDay } from "../../parts/clock.ts"
import { CloseLink } from "../../parts/close-link.tsx"
import { OperationRow, operationLabel } from "../../parts/list/operation-row.tsx"
import { ScrollRegion } from "../../parts/list/scroll-region.tsx"
import { OutcomeMark } from "../../parts/marks/outcome.tsx"
import { SANDBOX_OUTCOMES, SANDBOX_WORDS } from "../../parts/sandbox.ts"
import { hasSeveralNodes, isReady } from "../../state/capture.ts"
import { minuteMs, nowMs } from "../../state/now.ts"
import { link } from "../../state/route.ts"

/** The history of a pod: its sandboxes and all operations on them. */
export function PodDetail({ podKey, pod }: { podKey: string; pod: PodHistory<OperationSummary> | undefined }) {
  return (
    <section class="detail" aria-label={`pod ${podKey}`} tabIndex={-1}>
      <header class="head">
        <div class="head-line">
          {pod && <OutcomeMark outcome={SANDBOX_OUTCOMES[pod.state]} />}
          <h1 class="nowrap">{podKey}</h1>
          {pod && <span class="dim">{SANDBOX_WORDS[pod.state]}</span>}
          <CloseLink href={link({ pod: undefined })} what="pod" />
        </div>
      </header>
      {pod ? (
        <Life pod={pod} />
      ) : (
        <div class="empty">{isReady.value ? "No call in the capture is for this pod." : "Reading the capture…"}</div>
      )}
    </section>
  )
}

function Life({ pod }: { pod: PodHistory<OperationSummary> }) {
  const endMs = Math.max(
    ...pod.sandboxes.map((sandbox) =>
      sandbox.state === "up" || sandbox.state === "starting" ? nowMs.value : endOf(sandbox),
    ),
  )
  const totalMs = Math.max(endMs - pod.firstMs, 1)
  const left = (ms: number) => `${(100 * (ms - pod.firstMs)) / totalMs}%`
  return (
    <ScrollRegion class="life" label="history of the pod">
      <h2>
        {pod.sandboxes.length === 1 ? "One sandbox" : `${pod.sandboxes.length} sandboxes`}
        <span class="dim">
          {" "}
          from {timeOfDay(pod.firstMs, minuteMs.value)}, over {duration(totalMs)}
        </span>
      </h2>
      <div class="lanes" aria-hidden="true">
        {pod.sandboxes.map((sandbox) => (
          <div class="lane" key={sandbox.containerId}>
            <span class="mono dim">{sandbox.containerId.slice(0, 13) || "(none)"}</span>
            <span class="lane-track">
              {sandbox.upMs !== undefined && (
                <i
                  class={`lane-up ${sandbox.downMs === undefined ? "open" : ""}`}
                  style={{
                    left: left(sandbox.upMs),
                    width: `${(100 * ((sandbox.downMs ?? endMs) - sandbox.upMs)) / totalMs}%`,
                  }}
                />
              )}
              {lanePlaces(sandbox.operations, left).map(({ operation, place }) => (
                <i key={operation.id} class="lane-mark" style={{ left: place }} title={operationLabel(operation)}>
                  <OutcomeMark outcome={operation.outcome} />
                </i>
              ))}
            </span>
          </div>
        ))}
      </div>
      {pod.sandboxes.map((sandbox, at) => (
        <section class="sandbox" key={sandbox.containerId} aria-label={`sandbox ${at + 1}`}>
          <header>
            <OutcomeMark outcome={SANDBOX_OUTCOMES[sandbox.state]} />
            <h3>{pod.sandboxes.length > 1 ? `Attempt ${at + 1}` : "Sandbox"}</h3>
            <span class="mono dim" title={sandbox.containerId}>
              {sandbox.containerId.slice(0, 32)}
            </span>
            {hasSeveralNodes.value && <span class="dim">{sandbox.operations[0]?.node}</span>}
            <span class="dim">{durationText(sandbox)}</span>
          </header>
          {sandbox.operations.map((operation) => (
            <a
              key={operation.id}
              class={`row ${operation.outcome}`}
              href={link({
                view: "operations",
                pod: undefined,
                operation: operation.id,
                panel: "calls",
                call: undefined,
                q: "",
              })}
              title={operationLabel(operation)}
            >
              <OperationRow operation={operation} />
            </a>
          ))}
        </section>
      ))}
    </ScrollRegion>
  )
}

const MARK = "17px"
/** More marks cannot be distinguished anyway, so they may overlap. */
const MOST_MARKS = 20

/** Positions of marks: at their time, shifted if they would overlap the previous one. */
function lanePlaces(operations: OperationSummary[], left: (ms: number) => string) {
  let before: string | undefined
  return operations.map((operation) => {
    const own = left(operation.wallMs)
    const place = before && operations.length <= MOST_MARKS ? `max(${own}, ${before} + ${MARK})` : own
    before = place
    return { operation, place }
  })
}

function endOf({ operations }: Sandbox<OperationSummary>): number {
  const last = operations.at(-1)
  return last ? last.wallMs + (last.durationMs ?? 0) : 0
}

function durationText({ state, upMs, downMs }: Sandbox<OperationSummary>): string {
  if (upMs !== undefined && downMs !== undefined) return `up for ${duration(downMs - upMs)}, then torn down`
  if (upMs !== undefined) return `up since ${timeOfDay(upMs, minuteMs.value)}`
  return SANDBOX_WORDS[state]
}
