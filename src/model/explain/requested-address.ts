import { age, podName } from "../format.ts"
import { isLeftBehind } from "../ledger/left-behind.ts"
import type { LedgerRow } from "../ledger/node-ledger.ts"
import { unreleasedReason } from "../ledger/node-ledger.ts"
import { type Operation, walk } from "../operation.ts"
import { reportOf } from "../result/runtime-report.ts"
import type { ExplainContext, Statement } from "./statement.ts"

/** host-local's errors for a requested address that is already in its store, or outside of the range. */
const NOT_AVAILABLE = /requested (?:IP|ip) address '?([\da-fA-F.:]*[\da-fA-F])\S* is not available/

/** The address that an operation requested and did not get. */
export function refusedAddressOf({ calls }: Operation): string | undefined {
  for (const { call } of walk(calls)) {
    const report = reportOf(call)
    const [, ip] = (report.kind === "failure" && NOT_AVAILABLE.exec(report.message)) || []
    if (ip !== undefined) return ip
  }
  return undefined
}

/** Who holds an address that the operation requested, and whether it was held before the node was started. */
export function heldAddress(operation: Operation, { sharingAddress, nowMs }: ExplainContext): Statement[] {
  const ip = refusedAddressOf(operation)
  if (ip === undefined) return []
  const call = operation.calls[0]?.call
  const bootMs = call ? call.wallMs - call.monoMs : Number.NEGATIVE_INFINITY
  return sharingAddress.map((row) => {
    const { add, release } = row
    const since = add
      ? `added ${age(add.wallMs, nowMs)} ago${add.wallMs < bootMs ? `, before the node was started (${age(bootMs, nowMs)} ago)` : ""}`
      : "without a recorded ADD"
    const fate = isLeftBehind(row) ? `; ${unreleasedReason(row)}` : ""
    const remedy = release === undefined ? "" : `; ${release}`
    return { topic: "addresses", text: `${ip} is held by ${holder(row)}, ${since}${fate}${remedy}` }
  })
}

function holder(row: LedgerRow): string {
  return row.pod ? podName(row) : `container ${podName(row)}`
}
