import { type Call, hasFailedExit, jsonObject, textOf } from "../call.ts"
import { exitText } from "../format.ts"
import { type CallNode, type Operation, walk } from "../operation.ts"
import { reasonText } from "../outcome.ts"
import { isStderrDropped, reportOf } from "../result/runtime-report.ts"
import { abbreviate, errorOf, errorTextOf, messageOf, mostRelevantLine, writtenSoFar } from "./error-text.ts"
import { COMMANDS_OVER_A_LIST, type PluginList } from "./plugin-lists.ts"
import type { Statement } from "./statement.ts"

/** The call that failed first, and the call of the list in which it was made (the same call, unless it is nested). */
export type FailingCall = { call: Call; top: Call }

/** The innermost failing call of the first failing plugin of the list. */
export function failingCallOf({ calls, command, outcomeReason }: Operation): FailingCall | undefined {
  const top = calls.find(({ call }) => isFailing(call) || call.id === outcomeReason?.call)
  if (!top) return undefined
  let node: CallNode = top
  for (;;) {
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

export function causeOf(operation: Operation, failing: FailingCall | undefined): Statement[] {
  if (!failing) return []
  const { call, top } = failing
  const plugin = call === top ? call.plugin : `${call.plugin}, called by ${top.plugin}`
  const evidence = { call: call.id }
  if (call.state === "running") {
    const text = `${plugin}: started but has not ended (pid ${call.pid})${writtenText(call)}`
    return [{ topic: "in flight", text, ...evidence }]
  }
  if (call.state === "killed") {
    const reason = "never ended and its process is gone; the runtime's timeout killed it, or the node went down"
    return [{ topic: "first failure", text: `${plugin}: ${reason}${writtenText(call)}`, ...evidence }]
  }
  if (call.state === "unknown") {
    const text = `${plugin}: started, but no end was recorded${writtenText(call)}`
    return [{ topic: "first failure", text, ...evidence }]
  }
  const first: Statement = { topic: "first failure", text: `${plugin}: ${failureText(call)}`, ...evidence }
  if (call === top || operation.outcome !== "failed" || messageOf(top) === messageOf(call)) return [first]
  return [first, { topic: "reported by", text: `${top.plugin}: ${failureText(top)}`, call: top.id }]
}

function writtenText(call: Call): string {
  const written = writtenSoFar(call)
  return written ? `; it wrote to ${written.stream}: ${written.line}` : ""
}

/** `no IP addresses available (code 999, exit 1)` */
function failureText(call: Call): string {
  if (!hasFailedExit(call)) {
    if (reportOf(call).kind === "empty-success")
      return `exit 0 with an error on stdout (${abbreviate(messageOf(call) ?? "")}), which libcni accepts as a result`
    if (call.answer && call.answer !== "unreadable") return reasonText({ kind: call.answer })
    return call.stdout?.sizeBytes
      ? `exit 0, but stdout is not one JSON result: ${abbreviate(textOf(call.stdout) ?? "binary")}`
      : "exit 0, but stdout is empty"
  }
  if (call.exit && "errno" in call.exit) return `${call.path} ${exitText(call.exit)}`
  const code = errorOf(call)?.code
  const exit = [...(typeof code === "number" ? [`code ${code}`] : []), exitText(call.exit)].join(", ")
  const text = errorTextOf(call)
  if (text) return `${abbreviate(text)} (${exit})`
  if (jsonObject(call.stdout)) return `${exitText(call.exit)}, with a result on stdout instead of an error`
  const bytes = call.stdout?.sizeBytes ?? 0
  return `${exitText(call.exit)}, ${bytes > 0 ? `${bytes} bytes on stdout that are not text` : "without any output"}`
}

export function neverRan(
  operation: Operation,
  failing: FailingCall | undefined,
  list: PluginList | undefined,
): Statement[] {
  const names = missingPlugins(operation, list)
  const isRunning = operation.outcome === "running"
  if (list && names.length > 0) {
    const reason = failing ? "" : `; ${reasonNotCalled(operation, list, names)}`
    return [{ topic: "never ran", text: `${names.join(", ")}${isRunning ? " (so far)" : reason}` }]
  }
  if (list || !failing || isRunning) return []
  const rest = operation.command === "DEL" ? "before" : "after"
  return [{ topic: "never ran", text: `any plugins ${rest} ${failing.top.plugin} in the list, which is not known` }]
}

/** Plugins of the list that the operation did not call. */
export function missingPlugins({ calls, command }: Operation, list: PluginList | undefined): string[] {
  if (!list || !COMMANDS_OVER_A_LIST.includes(command)) return []
  const called = new Set(calls.map(({ call }) => call.plugin))
  return inCallOrder(command, list).filter((plugin) => !called.has(plugin))
}

function inCallOrder(command: string, { plugins }: PluginList): string[] {
  return command === "DEL" ? plugins.toReversed() : plugins
}

/** If a runtime does not find a plugin's executable, it calls none of the plugins after it either. */
function reasonNotCalled({ calls, command }: Operation, list: PluginList, names: readonly string[]): string {
  if (calls.every(({ call }) => call.as === "probe"))
    return "a plugin between the probes failed or was not found; only the relay records which one (cnitap install)"
  const isTheRest = inCallOrder(command, list)
    .slice(calls.length)
    .every((plugin) => names.includes(plugin))
  return isTheRest
    ? "no call failed: the runtime did not find a plugin's executable, or the list was changed"
    : "no call failed: the list was changed, or its calls are no longer recorded (cnitap status)"
}

export function runtimeError({ calls }: Operation): Statement[] {
  return calls.flatMap(({ call }): Statement[] => {
    const report = reportOf(call)
    return report.kind === "failure"
      ? [{ topic: "runtime error", text: abbreviate(report.message.replace(/\s+/g, " "), 240), call: call.id }]
      : []
  })
}

export function discardedStderr({ calls }: Operation): Statement[] {
  const dropped = [...walk(calls)].map(({ call }) => call).filter(isStderrDropped)
  // The innermost call states the cause; its callers often repeat it.
  const call = dropped.at(-1)
  if (!call) return []
  const text = textOf(call.stderr) ?? ""
  const lines = text.trim().split("\n").length
  const position = lines > 1 ? ` (1 of ${lines} lines)` : ""
  const line = abbreviate(mostRelevantLine(text) ?? "")
  return [{ topic: "discarded", text: `stderr of ${call.plugin}${position}: ${line}`, call: call.id }]
}
