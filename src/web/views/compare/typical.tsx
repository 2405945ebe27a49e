import { useMemo } from "preact/hooks"
import { duration } from "../../../model/format.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { typicalOf } from "../../../model/statistics/typical.ts"
import { settledAll } from "../../state/settled.ts"
import "./typical.css"

/** How long each call took, beside those of the same command and network that succeeded. */
export function Typical({ operation }: { operation: OperationSummary }) {
  const all = settledAll.value
  const { operations, calls } = useMemo(() => typicalOf(operation, all), [operation, all])
  if (operations === 0) return null
  return (
    <section class="typical" aria-label="against the typical one">
      <h2>
        Against the typical one{" "}
        <span class="dim">
          p50 and p95 of {operations === 1 ? "the one" : operations} {operation.command} on {operation.network} that
          succeeded
        </span>
      </h2>
      <table>
        <thead>
          <tr>
            <th scope="col">plugin</th>
            <th scope="col">this</th>
            <th scope="col">p50</th>
            <th scope="col">p95</th>
            <th scope="col">
              <span class="visually-hidden">verdict</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {calls.map(({ call, level, p50Ms, p95Ms }) => {
            const ms = call.durationMs
            const isSlow = ms !== undefined && p95Ms !== null && ms > p95Ms
            const times = isSlow && p50Ms ? ms / p50Ms : 0
            return (
              <tr key={call.id} class={isSlow ? "slow" : ""}>
                <th scope="row" style={{ paddingLeft: `${level * 16}px` }}>
                  {call.plugin}
                </th>
                <td>{duration(ms)}</td>
                <td>{duration(p50Ms ?? undefined)}</td>
                <td>{duration(p95Ms ?? undefined)}</td>
                <td class="verdict">
                  {p50Ms === null
                    ? "never called when it succeeded"
                    : isSlow
                      ? `${times.toFixed(times < 10 ? 1 : 0)} times the median`
                      : ""}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
