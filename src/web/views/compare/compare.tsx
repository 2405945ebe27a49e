import { useMemo, useState } from "preact/hooks"
import { type CallPair, compareOperations, type Difference, withoutRepeated } from "../../../model/compare/compare.ts"
import { counterpartsOf } from "../../../model/compare/counterparts.ts"
import { duration, podName, stateText } from "../../../model/format.ts"
import type { Operation } from "../../../model/operation.ts"
import { callOutcome } from "../../../model/outcome.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { toWaterfall } from "../../../model/waterfall.ts"
import { timeOfDay } from "../../parts/clock.ts"
import { ScrollRegion } from "../../parts/list/scroll-region.tsx"
import { OUTCOME_WORDS, OutcomeMark } from "../../parts/marks/outcome.tsx"
import { operationById, operations } from "../../state/capture.ts"
import { nowMs } from "../../state/now.ts"
import { go, link, route } from "../../state/route.ts"
import { useWholeOperation } from "../../state/whole-operation.ts"
import { Picture } from "../operation/picture.tsx"
import { Waterfall } from "../operation/waterfall.tsx"
import { Typical } from "./typical.tsx"
import "./compare.css"

const CANDIDATES = 60

/** Compares the operation with any other one, for example a failed pod with a working one. */
export function Compare({ operation, summary }: { operation: Operation | undefined; summary: OperationSummary }) {
  const best = useMemo(() => counterpartsOf(summary, operations.peek(), { most: 1 })[0], [summary.id])
  const otherSummary = operationById(route.value.other) ?? best
  const other = useWholeOperation(otherSummary)?.operation
  const [withVolatile, setVolatile] = useState(false)
  const [plugin, choosePlugin] = useState<string>()
  const pairs = useMemo(
    () => operation && other && withoutRepeated(compareOperations(operation, other)),
    [operation, other],
  )
  const hidden =
    pairs?.reduce((sum, { differences }) => sum + differences.filter(({ isVolatile }) => isVolatile).length, 0) ?? 0
  if (!otherSummary)
    return (
      <ScrollRegion class="compare" label="comparison">
        <Chooser summary={summary} other={undefined} />
        <div class="empty">There is no other {summary.command} operation to compare with.</div>
        <Typical operation={summary} />
      </ScrollRegion>
    )
  const scaleMs = Math.max(...[summary, otherSummary].map((each) => toWaterfall(each, nowMs.peek()).totalMs))
  const shared = { plugin, choose: choosePlugin }
  const [nameA, nameB] = namesOf(summary, otherSummary)
  return (
    <ScrollRegion class="compare" label="comparison">
      <Chooser summary={summary} other={otherSummary} />
      <div class="sides" aria-hidden="true">
        <Side name={nameA} operation={summary} />
        <Side name={nameB} operation={otherSummary} />
      </div>
      <div class="both">
        <Waterfall operation={summary} chosenId={undefined} scaleMs={scaleMs} />
        <Waterfall operation={otherSummary} chosenId={undefined} scaleMs={scaleMs} />
      </div>
      <label class="check">
        <input type="checkbox" checked={withVolatile} onChange={() => setVolatile(!withVolatile)} />
        <span>show values that always differ between pods ({hidden})</span>
      </label>
      {pairs ? (
        <ol>
          {pairs.map((pair) => (
            <PairView
              key={`${pair.a?.id} ${pair.b?.id}`}
              pair={pair}
              withVolatile={withVolatile}
              names={[nameA, nameB]}
            />
          ))}
        </ol>
      ) : (
        <div class="empty">Reading the calls…</div>
      )}
      <Typical operation={summary} />
      {operation && other && (
        <div class="both pictures">
          <div>
            <Picture key={operation.id} operation={operation} summary={summary} shared={shared} />
          </div>
          <div>
            <Picture key={other.id} operation={other} summary={otherSummary} shared={shared} />
          </div>
        </div>
      )}
    </ScrollRegion>
  )
}

/** Which other operation. */
function Chooser({ summary, other }: { summary: OperationSummary; other: OperationSummary | undefined }) {
  const [text, setText] = useState("")
  const candidates = useMemo(
    () => counterpartsOf(summary, operations.peek(), { text, most: CANDIDATES }),
    [summary.id, operations.value.length, text],
  )
  const all = other && !candidates.some(({ id }) => id === other.id) ? [other, ...candidates] : candidates
  return (
    <div class="compare-bar">
      <label>
        <span>with</span>
        <select value={other?.id} onChange={(event) => go({ other: event.currentTarget.value }, "replace")}>
          {all.map((candidate) => (
            <Candidate key={candidate.id} operation={candidate} />
          ))}
        </select>
      </label>
      <input
        class="filter plain"
        type="search"
        aria-label="find another operation"
        placeholder="find by pod, command or network"
        value={text}
        onInput={(event) => {
          const found = event.currentTarget.value
          setText(found)
          const [first] = counterpartsOf(summary, operations.peek(), { text: found, most: 1 })
          if (found && first) go({ other: first.id }, "replace")
        }}
      />
      {other && (
        <a class="button" href={link({ operation: other.id, other: summary.id })}>
          Swap
        </a>
      )}
    </div>
  )
}

/** Names that differ: of two attempts of a pod, the time. */
function namesOf(a: OperationSummary, b: OperationSummary): [string, string] {
  if (podName(a) !== podName(b)) return [podName(a), podName(b)]
  return [`${podName(a)}, ${timeOfDay(a.wallMs, nowMs.peek())}`, `${podName(b)}, ${timeOfDay(b.wallMs, nowMs.peek())}`]
}

function Candidate({ operation }: { operation: OperationSummary }) {
  return (
    <option value={operation.id}>
      {podName(operation)}, {OUTCOME_WORDS[operation.outcome]}, {timeOfDay(operation.wallMs, nowMs.peek())}
    </option>
  )
}

function Side({ name, operation }: { name: string; operation: OperationSummary }) {
  return (
    <div class="side">
      <OutcomeMark outcome={operation.outcome} />
      <b title={name}>{name}</b>
      <span class="dim">{duration(operation.durationMs)}</span>
    </div>
  )
}

function PairView({
  pair: { plugin, level, a, b, differences },
  withVolatile,
  names,
}: {
  pair: CallPair
  withVolatile: boolean
  names: [string, string]
}) {
  const shown = differences.filter(({ isVolatile }) => withVolatile || !isVolatile)
  return (
    <li class="pair" style={{ marginLeft: `${level * 16}px` }}>
      <header>
        <h2>{plugin}</h2>
        <span class="dim">
          {!a || !b
            ? `called only for ${a ? names[0] : names[1]}`
            : shown.length === 0
              ? "no differences"
              : shown.length === 1
                ? "1 difference"
                : `${shown.length} differences`}
        </span>
        <span class="ends">
          {[a, b].map((call, at) => (
            <span key={at === 0 ? "a" : "b"}>
              {call ? (
                <a
                  href={link({
                    operation: call.id,
                    panel: "calls",
                    call: call.id,
                    stream: undefined,
                    other: undefined,
                  })}
                >
                  <OutcomeMark outcome={callOutcome(call)} /> {stateText(call)}{" "}
                  <span class="dim">{duration(call.durationMs)}</span>
                </a>
              ) : (
                <span class="dim">not called</span>
              )}
            </span>
          ))}
        </span>
      </header>
      {shown.length > 0 && (
        <table>
          <thead class="visually-hidden">
            <tr>
              <th>where</th>
              <th>{names[0]}</th>
              <th>{names[1]}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((difference) => (
              <DifferenceRow key={`${difference.stream}${difference.location}`} difference={difference} />
            ))}
          </tbody>
        </table>
      )}
    </li>
  )
}

function DifferenceRow({ difference: { stream, location, a, b, isVolatile } }: { difference: Difference }) {
  return (
    <tr class={isVolatile ? "volatile" : ""}>
      <th scope="row">
        {stream} <span class="mono">{location}</span>
      </th>
      <td class={`mono ${a === undefined ? "absent" : "a"}`}>{a ?? "absent"}</td>
      <td class={`mono ${b === undefined ? "absent" : "b"}`}>{b ?? "absent"}</td>
    </tr>
  )
}
