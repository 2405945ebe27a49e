import { useMemo, useState } from "preact/hooks"
import { type CallPair, compareOperations, type Difference } from "../../../model/compare/compare.ts"
import { duration, podName, stateText } from "../../../model/format.ts"
import type { Operation } from "../../../model/operation.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { timeOfDay } from "../../parts/clock.ts"
import { ScrollRegion } from "../../parts/list/scroll-region.tsx"
import { callOutcome, OUTCOME_WORDS, OutcomeMark } from "../../parts/marks/outcome.tsx"
import { operationById, operations } from "../../state/capture.ts"
import { nowMs } from "../../state/now.ts"
import { go, link, route } from "../../state/route.ts"
import { useWholeOperation } from "../../state/whole-operation.ts"
import "./compare.css"

const CANDIDATES = 60

/** Compares the operation with another one, for example a failed pod with a working one. */
export function Compare({ operation, summary }: { operation: Operation | undefined; summary: OperationSummary }) {
  const candidates = useMemo(() => candidatesFor(summary), [summary.id, operations.value.length])
  const otherSummary = operationById(route.value.other ?? candidates[0]?.id)
  const other = useWholeOperation(otherSummary)?.operation
  const [withVolatile, setVolatile] = useState(false)
  const pairs = useMemo(() => operation && other && compareOperations(operation, other), [operation, other])
  if (!otherSummary) return <div class="empty">There is no other {summary.command} operation to compare with.</div>
  const hidden =
    pairs?.reduce((sum, { differences }) => sum + differences.filter(({ isVolatile }) => isVolatile).length, 0) ?? 0
  return (
    <ScrollRegion class="compare" label="comparison">
      <div class="compare-bar">
        <label>
          <span>with</span>
          <select value={otherSummary.id} onChange={(event) => go({ other: event.currentTarget.value }, "replace")}>
            {!candidates.includes(otherSummary) && <Candidate operation={otherSummary} />}
            {candidates.map((candidate) => (
              <Candidate key={candidate.id} operation={candidate} />
            ))}
          </select>
        </label>
        <label class="check">
          <input type="checkbox" checked={withVolatile} onChange={() => setVolatile(!withVolatile)} />
          <span>show values that always differ between pods ({hidden})</span>
        </label>
      </div>
      <div class="sides" aria-hidden="true">
        <Side name="this" operation={summary} />
        <Side name="the other" operation={otherSummary} />
      </div>
      {pairs ? (
        <ol>
          {pairs.map((pair) => (
            <PairView key={`${pair.a?.id} ${pair.b?.id}`} pair={pair} withVolatile={withVolatile} />
          ))}
        </ol>
      ) : (
        <div class="empty">Reading the calls…</div>
      )}
    </ScrollRegion>
  )
}

function Candidate({ operation }: { operation: OperationSummary }) {
  return (
    <option value={operation.id}>
      {podName(operation)}, {OUTCOME_WORDS[operation.outcome]}, {timeOfDay(operation.wallMs, nowMs.peek())}
    </option>
  )
}

/** Operations with the same command and network: first those with the opposite outcome, then the nearest in time. */
function candidatesFor(summary: OperationSummary): OperationSummary[] {
  const isOk = summary.outcome === "ok"
  return operations
    .peek()
    .filter(
      ({ id, command, network }) => id !== summary.id && command === summary.command && network === summary.network,
    )
    .sort(
      (a, b) =>
        Number((a.outcome === "ok") === isOk) - Number((b.outcome === "ok") === isOk) ||
        Math.abs(a.wallMs - summary.wallMs) - Math.abs(b.wallMs - summary.wallMs),
    )
    .slice(0, CANDIDATES)
}

function Side({ name, operation }: { name: string; operation: OperationSummary }) {
  return (
    <div class="side">
      <span class="dim">{name}</span>
      <OutcomeMark outcome={operation.outcome} />
      <b class="nowrap">{podName(operation)}</b>
      <span class="dim">{duration(operation.durationMs)}</span>
    </div>
  )
}

function PairView({
  pair: { plugin, level, a, b, differences },
  withVolatile,
}: {
  pair: CallPair
  withVolatile: boolean
}) {
  const shown = differences.filter(({ isVolatile }) => withVolatile || !isVolatile)
  return (
    <li class="pair" style={{ marginLeft: `${level * 16}px` }}>
      <header>
        <h2>{plugin}</h2>
        <span class="dim">
          {!a || !b
            ? `called only by ${a ? "this" : "the other"}`
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
              <th>this</th>
              <th>the other</th>
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
