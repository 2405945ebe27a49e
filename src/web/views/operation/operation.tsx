import { useMemo } from "preact/hooks"
import { issueReport } from "../../../export/issue-report.ts"
import { type Call, podKey } from "../../../model/call.ts"
import type { FieldName } from "../../../model/filter/field.ts"
import { operandText } from "../../../model/filter/text.ts"
import { duration } from "../../../model/format.ts"
import { type Operation, walk } from "../../../model/operation.ts"
import { callOutcome } from "../../../model/outcome.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { exactTime, timeOfDay } from "../../parts/clock.ts"
import { CloseLink } from "../../parts/close-link.tsx"
import { commandLine } from "../../parts/command-line.ts"
import { CopyButton } from "../../parts/copy-button.tsx"
import { addressesOf, operationLabel } from "../../parts/list/operation-row.tsx"
import { OUTCOME_WORDS, OutcomeMark } from "../../parts/marks/outcome.tsx"
import { ReproButton } from "../../parts/repro-button.tsx"
import { copyLink, type ShareItem, ShareMenu } from "../../parts/share-menu.tsx"
import { Tabs } from "../../parts/tabs.tsx"
import { explanationOf, isAway, isReady, operationById, source } from "../../state/capture.ts"
import { type KeyHandlers, useKeys } from "../../state/keys.ts"
import { withCondition } from "../../state/narrow.ts"
import { minuteMs, nowMs } from "../../state/now.ts"
import { hitIn } from "../../state/query.ts"
import { go, link, type Panel, route } from "../../state/route.ts"
import { useWholeOperation, type WholeOperation } from "../../state/whole-operation.ts"
import { Compare } from "../compare/compare.tsx"
import { MarkButton } from "../compare/mark-button.tsx"
import { CallView, type Reading } from "./call.tsx"
import { Chain } from "./chain.tsx"
import { Explained } from "./explained.tsx"
import { Waterfall } from "./waterfall.tsx"
import "./operation.css"

const PANEL_TITLES: { name: Panel; title: string }[] = [
  { name: "calls", title: "Calls" },
  { name: "chain", title: "Chain" },
  { name: "compare", title: "Compare" },
]

/** The selected operation: its facts, and its calls, its chain or a comparison. */
export function OperationDetail({ id }: { id: string }) {
  const summary = operationById(id)
  const read = useWholeOperation(summary)
  const whole = read?.operation
  const { panel } = route.value
  if (!summary) {
    return (
      <section class="detail" aria-label="operation" tabIndex={-1}>
        <div class="empty">
          <strong>{isReady.value ? "This operation is not in the capture." : "Reading the capture…"}</strong>
          {isReady.value && <span>It may have been pruned, or it belongs to another capture.</span>}
          <a class="button" href={link({ operation: undefined, call: undefined })}>
            Close
          </a>
        </div>
      </section>
    )
  }
  return (
    <section class="detail" aria-label={operationLabel(summary)} tabIndex={-1}>
      <Head operation={summary} />
      <div class="operation-bar">
        <Tabs
          label="operation"
          tabs={PANEL_TITLES}
          current={panel}
          href={(name) =>
            link({ panel: name, call: name === "calls" ? route.value.call : undefined, stream: undefined })
          }
          onChoose={(name) => go({ panel: name, call: undefined, stream: undefined })}
        />
        <MarkButton operation={summary} />
        <ShareMenu items={shareItems(summary, whole)} />
        {whole && <ReproButton calls={whole.calls.map(({ call }) => call)} name={`${summary.command}-${summary.id}`} />}
      </div>
      <div class="panel">
        {panel === "calls" && <Calls summary={summary} read={read} />}
        {panel === "chain" && <Chain operation={whole} summary={summary} />}
        {panel === "compare" && <Compare operation={whole} summary={summary} />}
      </div>
    </section>
  )
}

function shareItems(summary: OperationSummary, whole: Operation | undefined): ShareItem[] {
  const command = commandLine(source.peek(), "show", summary.id)
  return [
    copyLink(),
    { label: "Copy command", help: "shows the same in a terminal", run: () => command },
    {
      label: "Copy Markdown",
      help: "for an issue",
      run: async () => issueReport(whole ?? summary, await explanationOf(summary.id), command),
    },
  ]
}

function Calls({ summary, read }: { summary: OperationSummary; read: WholeOperation | undefined }) {
  const calls = useMemo(() => walk(summary.calls).map(({ call }) => call), [summary])
  const { q, call: wanted } = route.value
  const hit = useMemo(() => read && hitIn(read.operation), [read, q])
  const chosen = calls.find(({ id }) => id === wanted) ?? calls.find(({ id }) => id === hit?.call) ?? worst(summary)
  const keys = useMemo(
    (): KeyHandlers => ({
      step(by) {
        const chosenId = route.peek().call ?? chosen?.id
        const next = calls[calls.findIndex(({ id }) => id === chosenId) + by]
        if (next) go({ call: next.id, stream: undefined }, "replace")
      },
    }),
    [calls, chosen?.id],
  )
  useKeys(keys)
  const full = read && walk(read.operation.calls).find(({ call }) => call.id === chosen?.id)?.call
  return (
    <div class="calls">
      <Waterfall operation={summary} chosenId={chosen?.id} />
      {chosen && (
        <CallView
          call={full ?? chosen}
          reading={readingOf(full, read?.pruned)}
          hit={hit?.call === chosen.id ? hit : undefined}
        />
      )}
    </div>
  )
}

function readingOf(call: Call | undefined, pruned: ReadonlySet<string> | undefined): Reading {
  if (!call) return isAway.value ? "unreachable" : "reading"
  return pruned?.has(call.id) ? "pruned" : "read"
}

/** The call to show first: the innermost one that was not successful, else the first. */
function worst({ calls }: Operation) {
  const all = walk(calls).map(({ call }) => call)
  return all.findLast((call) => callOutcome(call) !== "ok") ?? all[0]
}

/** `field`: filters can name it. `operand`: its value there, if not the one that is shown. */
type Fact = {
  name: string
  value: string | undefined
  title?: string
  field?: FieldName
  operand?: string | undefined
}

/** Adds a condition to the filter. */
function FilterLink({ field, value, text }: { field: FieldName; value: string; text: string }) {
  const condition = `${field}=${operandText({ kind: "text", text: value })}`
  return (
    <a class="fact" href={link({ q: withCondition(route.value.q, condition) })} title={`filter by ${condition}`}>
      {text}
    </a>
  )
}

/** Of a killed operation only its start is known: when it was killed, nobody recorded. */
function tookText({ outcome, wallMs, durationMs }: OperationSummary): string | undefined {
  if (durationMs !== undefined) return duration(durationMs)
  if (outcome === "running") return `${duration(Math.max(0, nowMs.value - wallMs))} so far`
  return outcome === "killed" ? "killed, end not recorded" : undefined
}

function Head({ operation }: { operation: OperationSummary }) {
  const { command, outcome, pod, wallMs, containerId, network, ifname, netns, runtime, node } = operation
  const ips = addressesOf(operation)
  const facts: Fact[] = [
    { name: "started", value: timeOfDay(wallMs, minuteMs.value), title: exactTime(wallMs) },
    { name: "duration", value: tookText(operation) },
    { name: "address", value: ips, field: "ip", operand: ips.split(/[ /]/)[0] },
    { name: "network", value: network, field: "network" },
    { name: "ifname", value: ifname, field: "ifname" },
    { name: "container", value: containerId?.slice(0, 13), field: "container", operand: containerId },
    { name: "netns", value: netns, field: "netns" },
    { name: "runtime", value: runtime, field: "runtime" },
    { name: "node", value: node, field: "node" },
    { name: "id", value: operation.id },
  ]
  return (
    <header class="head">
      <div class="head-line">
        <OutcomeMark outcome={outcome} />
        <h1 class="nowrap">
          {command || "(no command)"}{" "}
          {pod ? (
            <a href={link({ view: "pods", pod: podKey(pod) })}>{podKey(pod)}</a>
          ) : (
            <span class="dim">{network}</span>
          )}
        </h1>
        <span class={`said ${outcome}`}>{OUTCOME_WORDS[outcome]}</span>
        <CloseLink
          href={link({ operation: undefined, call: undefined, stream: undefined, panel: "calls" })}
          what="operation"
        />
      </div>
      <Explained operation={operation} />
      <dl class="facts">
        {facts.map(
          ({ name, value, title, field, operand = value }) =>
            value && (
              <div key={name}>
                <dt>{name}</dt>
                <dd class="mono" title={title ?? operand}>
                  {field && operand ? <FilterLink field={field} value={operand} text={value} /> : value}
                </dd>
                {operand !== undefined && operand !== value && name === "container" && (
                  <dd>
                    <CopyButton label="Copy" text={() => operand} />
                  </dd>
                )}
              </div>
            ),
        )}
      </dl>
    </header>
  )
}
