import { pythonJson } from "../capture/python-json.ts"
import { type Call, resultOf } from "../model/call.ts"
import { type Operation, walk } from "../model/operation.ts"

/**
 * An operation in the format of the probe log (`cni_pre` and `cni_post`): for each call, in order, one line with its stdin
 * (`input=`) and one with its stdout (`output=`). A recorded `cni_post` logs the result that the plugin list had reached.
 */
export function toProbeLog(operation: Operation): string {
  return [...walk(operation.calls)].map(({ call }) => logLines(call)).join("")
}

function logLines(call: Call): string {
  const prefix = `CNI_COMMAND=${call.command},CNI_CONTAINERID=${call.containerId ?? ""}`
  const line = (key: "input" | "output", text: string) => (text === "" ? "" : `${prefix},${key}=${text}\n`)
  if (call.as === "probe" && call.plugin.startsWith("cni_post") && call.command === "ADD") {
    const result = resultOf(call)
    if (result !== undefined) return line("output", pythonJson(JSON.stringify(result)))
  }
  return line("input", loggedText(call.stdin)) + line("output", loggedText(call.stdout))
}

function loggedText(payload: Call["stdin"]): string {
  if (!payload) return ""
  return "text" in payload ? pythonJson(payload.text) : payload.base64
}
