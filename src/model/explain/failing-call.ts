import { type Call, hasFailedExit, isAbandoned } from "../call.ts"
import type { CallNode, Operation } from "../operation.ts"
import { reportOf } from "../result/runtime-report.ts"

/** The call that failed first, and the call of the list in which it was made (the same call, unless it is nested). */
export type FailingCall = { call: Call; top: Call }

/** The innermost failing call of the first failing plugin of the list. */
export function failingCallOf({ calls, command, outcomeReason }: Operation): FailingCall | undefined {
  const top = calls.find(({ call }) => isFailing(call) || call.id === outcomeReason?.call)
  if (!top) return undefined
  let node: CallNode = top
  for (;;) {
    // What a plugin called survives it, and cannot answer it any more: it is what the plugin was waiting for.
    const failing = node.children.filter(({ call }) => isFailing(call))
    // A plugin whose delegate's ADD failed cleans up with DEL, which may fail too.
    const next: CallNode | undefined = failing.find(({ call }) => call.command === command) ?? failing[0]
    if (!next) return { call: node.call, top: top.call }
    node = next
  }
}

function isFailing(call: Call): boolean {
  return call.state !== "ended" || hasFailedExit(call) || !["success", "waiting"].includes(reportOf(call).kind)
}

/** Whether the call still ran when its caller was killed: it waited for something, and that is the cause. */
export function isOutlived({ call, top }: FailingCall): boolean {
  return call !== top && top.state === "killed" && (call.state === "running" || isAbandoned(call))
}

/** `host-local, called by bridge` */
export function nameOf({ call, top }: FailingCall): string {
  return call === top ? call.plugin : `${call.plugin}, called by ${top.plugin}`
}
