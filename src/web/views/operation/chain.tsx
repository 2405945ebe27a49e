import { useMemo } from "preact/hooks"
import { duration, stateText } from "../../../model/format.ts"
import type { Operation } from "../../../model/operation.ts"
import { callOutcome } from "../../../model/outcome.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import {
  type ChainStep,
  type ResultChange,
  type ResultKind,
  type ResultObject,
  toChain,
} from "../../../model/result/chain.ts"
import { ScrollRegion } from "../../parts/list/scroll-region.tsx"
import { OutcomeMark } from "../../parts/marks/outcome.tsx"
import { link } from "../../state/route.ts"
import { Picture } from "./picture.tsx"
import "./chain.css"

const KIND_WORDS: Record<ResultKind, string> = {
  interface: "interface",
  ip: "ip",
  route: "route",
  dns: "dns",
  version: "version",
  other: "key",
}

/** How the result changes from plugin to plugin. */
export function Chain({ operation, summary }: { operation: Operation | undefined; summary: OperationSummary }) {
  const steps = useMemo(() => operation && toChain(operation), [operation])
  if (!steps || !operation) return <div class="empty">Reading the calls…</div>
  return (
    <ScrollRegion class="chain" label="chain">
      {summary.command === "DEL" && (
        <p class="dim chain-note">DEL runs the plugin list in reverse order; each plugin gets the result of the ADD.</p>
      )}
      <Picture key={operation.id} operation={operation} summary={summary} />
      <ol>
        {steps.map((step) => (
          <StepView key={step.call.id} step={step} reason={summary.summaries.get(step.call.id)?.reason} />
        ))}
      </ol>
      <Final steps={steps} />
    </ScrollRegion>
  )
}

function StepView({
  step: { call, level, prevResult, result, changes },
  reason,
}: {
  step: ChainStep
  reason: string | undefined
}) {
  const outcome = callOutcome(call)
  return (
    <li class={`chain-step ${outcome} ${level > 0 ? "nested" : ""}`} style={{ marginLeft: `${level * 20}px` }}>
      <header>
        <OutcomeMark outcome={outcome} />
        <h2>
          <a href={link({ panel: "calls", call: call.id, stream: undefined })}>{call.plugin}</a>
        </h2>
        <span class="dim">
          {call.state === "ended" ? duration(call.durationMs) : stateText(call)}
          {level > 0 ? ", called by the plugin above" : ""}
        </span>
        <span class="dim chain-step-sum">{sumOf(changes, prevResult, result)}</span>
      </header>
      {outcome !== "ok" && reason && <p class="chain-step-reason">{reason}</p>}
      {changes.length > 0 && (
        <ul>
          {changes.map((change) => (
            <ChangeLine key={keyOf(change)} change={change} />
          ))}
        </ul>
      )}
    </li>
  )
}

function keyOf(change: ResultChange): string {
  const object = change.kind === "changed" ? change.after : change.object
  return `${change.kind} ${object.kind} ${object.name}`
}

function sumOf(
  changes: ResultChange[],
  prevResult: ResultObject[] | undefined,
  result: ResultObject[] | undefined,
): string {
  if (!result) return prevResult ? "returned no result, but got one" : "returned no result"
  if (changes.length === 0) return prevResult ? "passed the result on unchanged" : "returned an empty result"
  const count = (kind: ResultChange["kind"]) => changes.filter((change) => change.kind === kind).length
  const parts = [
    [count("added"), "added"],
    [count("changed"), "changed"],
    [count("removed"), "removed"],
  ] as const
  return parts.flatMap(([number, word]) => (number > 0 ? [`${number} ${word}`] : [])).join(", ")
}

const SIGNS = { added: "+", removed: "−", changed: "~" } as const

export function ChangeLine({ change }: { change: ResultChange }) {
  const object = change.kind === "changed" ? change.after : change.object
  return (
    <li class={`change ${change.kind}`}>
      <b role="img" aria-label={change.kind}>
        {SIGNS[change.kind]}
      </b>
      <span class="change-kind">{KIND_WORDS[object.kind]}</span>
      <span class="mono change-name">{object.name}</span>
      <span class="mono change-fields">
        {change.kind === "changed"
          ? change.fields.map((field) => (
              <span key={field} class="field">
                {field !== object.name && `${field} `}
                <del>{change.before.fields[field] ?? "(none)"}</del> →{" "}
                <ins>{change.after.fields[field] ?? "(none)"}</ins>
              </span>
            ))
          : fieldsOf(object).map(([name, value]) => (
              <span key={name} class="field">
                {name !== object.name && <span class="dim">{name} </span>}
                {value}
              </span>
            ))}
      </span>
    </li>
  )
}

/** The fields that are not part of the name. */
function fieldsOf({ name, fields }: ResultObject): [string, string][] {
  return Object.entries(fields).filter(([, value]) => value !== name && value !== "" && !name.startsWith(`${value} `))
}

/** The final result: that of the last top-level call. */
function Final({ steps }: { steps: ChainStep[] }) {
  const last = steps.findLast(({ level }) => level === 0)
  if (!last?.result || last.result.length === 0) return null
  return (
    <section class="final" aria-label="final result">
      <h2>Final result, as the runtime got it</h2>
      <ul>
        {last.result.map((object) => (
          <li key={`${object.kind} ${object.name}`} class="change">
            <b />
            <span class="change-kind">{KIND_WORDS[object.kind]}</span>
            <span class="mono change-name">
              {object.kind === "other" || object.kind === "version" ? "" : object.name}
            </span>
            <span class="mono change-fields">
              {fieldsOf(object).map(([name, value]) => (
                <span key={name} class="field">
                  {name !== object.name && <span class="dim">{name} </span>}
                  {value}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
