import { pythonJson } from "../capture/python-json.ts"
import { type Call, resultOf } from "../model/call.ts"
import { type Operation, walk } from "../model/operation.ts"

/**
 * The article's log lines of an operation, in the order of its calls: what each plugin was given as `input=`, what it
 * gave back as `output=`. A probe of the article's chain stands for the result that the chain had come to.
 */
export function toProbeLog(operation: Operation): string {
  return [...walk(operation.calls)].map(({ call }) => linesOf(call)).join("")
}

function linesOf(call: Call): string {
  const head = `CNI_COMMAND=${call.command},CNI_CONTAINERID=${call.containerId ?? ""}`
  const line = (what: "input" | "output", text: string) => (text === "" ? "" : `${head},${what}=${text}\n`)
  if (call.as === "probe" && call.plugin.startsWith("cni_post") && call.command === "ADD") {
    const result = resultOf(call)
    if (result !== undefined) return line("output", pythonJson(JSON.stringify(result)))
  }
  return line("input", textOf(call.stdin)) + line("output", textOf(call.stdout))
}

function textOf(payload: Call["stdin"]): string {
  if (!payload) return ""
  return "text" in payload ? pythonJson(payload.text) : payload.base64
}
