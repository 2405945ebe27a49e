import { type Call, isAbandoned, textOf } from "../call.ts"
import { type Operation, walk } from "../operation.ts"
import { isStderrDropped, reportOf } from "../result/runtime-report.ts"
import { abbreviate, mostRelevantLine } from "./error-text.ts"
import type { Statement } from "./statement.ts"

/** What the runtime's log and the pod's Events say. */
export function runtimeError({ calls }: Operation): Statement[] {
  return calls.flatMap(({ call }): Statement[] => {
    const report = reportOf(call)
    if (report.kind !== "failure" || isAbandoned(call)) return []
    const text = abbreviate(report.message.replace(/\s+/g, " "), 240)
    return [{ topic: "runtime error", text: isQuotable(call) ? text : `would have been: ${text}`, call: call.id }]
  })
}

/** What the runtime got of a call that it killed, or whether it was still there to get it, is not recorded. */
function isQuotable({ state }: Call): boolean {
  return state === "ended"
}

/** What a plugin wrote to stderr and no one sees, because libcni uses stdout only. */
export function discardedStderr({ calls }: Operation): Statement[] {
  const dropped = walk(calls)
    .map(({ call }) => call)
    .filter(isStderrDropped)
  // The innermost call states the cause; its callers often repeat it.
  const call = dropped.at(-1)
  if (!call) return []
  const text = textOf(call.stderr) ?? ""
  const lines = text.trim().split("\n").length
  const position = lines > 1 ? ` (1 of ${lines} lines)` : ""
  const line = abbreviate(mostRelevantLine(text) ?? "")
  return [{ topic: "discarded", text: `stderr of ${call.plugin}${position}: ${line}`, call: call.id }]
}
