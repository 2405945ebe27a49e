import { isAbandoned } from "../call.ts"
import type { LedgerRow } from "../ledger/node-ledger.ts"
import type { Finding } from "../lint/finding.ts"
import type { Operation } from "../operation.ts"
import { isHostNetwork } from "./host-network.ts"
import { missingPlugins } from "./never-ran.ts"
import { followingDel, givenUpAfterMs } from "./related-operations.ts"
import type { ExplainContext } from "./statement.ts"
import { SLOW_MS } from "./time-spent.ts"

/**
 * What an explanation says first. `runtime-gone`: nobody read a plugin's answer. `refused`: every plugin exited with 0, and
 * the runtime does not accept an answer. `not-found`, `stopped-early`: no plugin failed, and the runtime did not call the
 * whole list; for `not-found`, the next plugin has no executable. `wrong`: it succeeded with an error finding. `given-up`: it
 * succeeded, and the runtime deleted the sandbox at once. `host-network`: it succeeded in the node's own network.
 */
export type Conclusion =
  | {
      kind:
        | "host-network"
        | "running"
        | "runtime-gone"
        | "killed"
        | "unknown"
        | "failed"
        | "refused"
        | "stopped-early"
        | "slow"
        | "ok"
    }
  | { kind: "not-found"; plugin: string }
  | { kind: "wrong"; finding: Finding }
  | { kind: "shared-address"; ip: string; other: LedgerRow }
  | { kind: "given-up"; afterMs: number }

/** Time after which the runtime has certainly called the next plugin of a list. */
const NEXT_CALL_MS = 5_000

export function concludeFrom(operation: Operation, context: ExplainContext): Conclusion {
  const { outcome, outcomeReason, calls, durationMs = 0, wallMs, command } = operation
  const { list, node, findings, nowMs } = context
  if (calls.some(({ call }) => isAbandoned(call))) return { kind: "runtime-gone" }
  if (outcome === "running" || outcome === "killed" || outcome === "unknown") return { kind: outcome }
  if (outcome === "failed" && outcomeReason?.kind !== "incomplete-list")
    return { kind: outcomeReason === undefined || outcomeReason.kind === "plugin-failed" ? "failed" : "refused" }
  const [next] = missingPlugins(operation, list)
  if (next !== undefined && command === "ADD" && node?.list?.missing.includes(next))
    return { kind: "not-found", plugin: next }
  const isIncomplete = next !== undefined && nowMs - wallMs - durationMs > NEXT_CALL_MS
  if (isIncomplete || outcomeReason?.kind === "incomplete-list") return { kind: "stopped-early" }
  if (command === "ADD" && isHostNetwork(operation, context)) return { kind: "host-network" }
  const finding = findings.find(({ severity }) => severity === "error")
  if (finding) return { kind: "wrong", finding }
  const afterMs = givenUpAfterMs(operation, context)
  if (afterMs !== undefined) return { kind: "given-up", afterMs }
  const [other] = followingDel(operation, context) ? [] : context.sharingAddress
  if (other) return { kind: "shared-address", ip: other.ips[0] ?? "", other }
  return { kind: durationMs >= SLOW_MS ? "slow" : "ok" }
}
