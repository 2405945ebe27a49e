import { type Call, isFailed, jsonObject, textOf } from "../call.ts"
import { exitText } from "../format.ts"
import { type CallNode, type Operation, walk } from "../operation.ts"
import { isStderrDropped, reportOf } from "../result/runtime-report.ts"
import { abbreviate, errorOf, errorTextOf, messageOf, mostRelevantLine } from "./error-text.ts"
import { COMMANDS_OVER_A_LIST, type PluginList } from "./plugin-lists.ts"
import type { Statement } from "./statement.ts"

/** A call that went wrong, and the call of the list in which it was made. */
export type Culprit = { call: Call; top: Call }

/** The innermost call that went wrong first. */
export function culpritOf({ calls, command }: Operation): Culprit | undefined {
  const top = calls.find(({ call }) => isWrongCall(call))
  if (!top) return undefined
  let node: CallNode = top
  for (;;) {
    const wrong = node.children.filter(({ call }) => isWrongCall(call))
    // A plugin whose delegate's ADD failed cleans up with DEL, and that may fail too.
    const next: CallNode | undefined = wrong.find(({ call }) => call.command === command) ?? wrong[0]
    if (!next) return { call: node.call, top: top.call }
    node = next
  }
}

function isWrongCall(call: Call): boolean {
  return call.state !== "ended" || isFailed(call) || !["success", "waiting"].includes(reportOf(call).kind)
}

export function causeOf(operation: Operation, culprit: Culprit | undefined): Statement[] {
  if (!culprit) return []
  const { call, top } = culprit
  const who = call === top ? call.plugin : `${call.plugin}, called by ${top.plugin}`
  const at = { call: call.id }
  if (call.state === "running") {
    return [{ topic: "waits", text: `${who} began and has not ended (pid ${call.pid})`, ...at }]
  }
  if (call.state === "killed") {
    const text = `${who} never ended and its process is gone: a runtime kills at its time-out, or the node went down`
    return [{ topic: "failed first", text, ...at }]
  }
  if (call.state === "unknown") {
    return [{ topic: "failed first", text: `${who} began; whether it ended nobody recorded`, ...at }]
  }
  const first: Statement = { topic: "failed first", text: `${who}: ${whatFailed(call)}`, ...at }
  if (call === top || operation.outcome !== "failed" || messageOf(top) === messageOf(call)) return [first]
  return [first, { topic: "passed on by", text: `${top.plugin}: ${whatFailed(top)}`, call: top.id }]
}

/** `no IP addresses available (code 999, exit 1)` */
function whatFailed(call: Call): string {
  if (!isFailed(call)) {
    if (reportOf(call).kind === "empty-success")
      return `exit 0 with an error on stdout (${abbreviate(messageOf(call) ?? "")}): libcni takes it for a result`
    return call.stdout?.sizeBytes
      ? `exit 0, and stdout is not one JSON result: ${abbreviate(textOf(call.stdout) ?? "binary")}`
      : "exit 0, and nothing on stdout"
  }
  if (call.exit && "errno" in call.exit) return `${call.path} ${exitText(call.exit)}`
  const code = errorOf(call)?.code
  const exit = [...(typeof code === "number" ? [`code ${code}`] : []), exitText(call.exit)].join(", ")
  const said = errorTextOf(call)
  if (said) return `${abbreviate(said)} (${exit})`
  if (jsonObject(call.stdout)) return `${exitText(call.exit)}, with a result on stdout where its error belongs`
  const bytes = call.stdout?.sizeBytes ?? 0
  return `${exitText(call.exit)}, ${bytes > 0 ? `${bytes} bytes that are no text on stdout` : "without a word"}`
}

export function neverRan(
  operation: Operation,
  culprit: Culprit | undefined,
  list: PluginList | undefined,
): Statement[] {
  const names = missingPlugins(operation, list)
  const isRunning = operation.outcome === "running"
  if (list && names.length > 0) {
    const why = culprit ? "" : `; ${whyMissing(operation, list, names)}`
    return [{ topic: "never ran", text: `${names.join(", ")}${isRunning ? ", so far" : why}` }]
  }
  if (list || !culprit || isRunning) return []
  const rest = operation.command === "DEL" ? "before" : "after"
  return [{ topic: "never ran", text: `whatever the list has ${rest} ${culprit.top.plugin}; no call here tells` }]
}

/** Plugins of the list that the operation did not come to. */
export function missingPlugins({ calls, command }: Operation, list: PluginList | undefined): string[] {
  if (!list || !COMMANDS_OVER_A_LIST.includes(command)) return []
  const ran = new Set(calls.map(({ call }) => call.plugin))
  return inOrder(command, list).filter((plugin) => !ran.has(plugin))
}

function inOrder(command: string, { plugins }: PluginList): string[] {
  return command === "DEL" ? plugins.toReversed() : plugins
}

/** A runtime that does not find a plugin's file calls none of those behind it. */
function whyMissing({ calls, command }: Operation, list: PluginList, names: readonly string[]): string {
  if (calls.every(({ call }) => call.as === "probe"))
    return "a plugin between the probes failed or was not found, which one only a relay tells (cnitap install)"
  const isTheRest = inOrder(command, list)
    .slice(calls.length)
    .every((plugin) => names.includes(plugin))
  return isTheRest
    ? "no call failed: the runtime did not find a plugin's file, or the list was changed"
    : "no call failed: the list was changed, or its calls are no longer recorded (cnitap status)"
}

export function runtimeReport({ calls }: Operation): Statement[] {
  return calls.flatMap(({ call }): Statement[] => {
    const report = reportOf(call)
    return report.kind === "failure"
      ? [{ topic: "runtime said", text: abbreviate(report.message.replace(/\s+/g, " "), 240), call: call.id }]
      : []
  })
}

export function discardedStderr({ calls }: Operation): Statement[] {
  const dropped = [...walk(calls)].map(({ call }) => call).filter(isStderrDropped)
  // The innermost speaks of the cause; those around it often repeat it.
  const call = dropped.at(-1)
  if (!call) return []
  const text = textOf(call.stderr) ?? ""
  const lines = text.trim().split("\n").length
  const more = lines > 1 ? `, one of ${lines} lines` : ""
  return [
    {
      topic: "thrown away",
      text: `stderr of ${call.plugin}${more}: ${abbreviate(mostRelevantLine(text) ?? "")}`,
      call: call.id,
    },
  ]
}
