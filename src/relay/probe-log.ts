import { pythonJson } from "../capture/python-json.ts"
import { chainInput } from "./chain-input.ts"
import type { RelayConfig } from "./config.ts"
import type { Host } from "./host.ts"
import { cleaned } from "./recording.ts"

export type ProbeRole = "pre" | "post"

/**
 * The line that the article's probe would have written for this call, if it would have written one: ADD in both, DEL
 * in the last of the list. Its JSON is spaced as Python's json.dumps does it, so that whoever searches for the
 * article's text finds it; tokens stay as they came.
 */
export function probeLogLine(host: Host, { raw }: Pick<RelayConfig, "raw">, role: ProbeRole): string | undefined {
  const command = host.variable("CNI_COMMAND")
  if (command === undefined) return "env CNI_COMMAND not found\n"
  const containerId = host.variable("CNI_CONTAINERID")
  if (containerId === undefined) return "env CNI_CONTAINERID not found\n"
  if (command !== "ADD" && !(command === "DEL" && role === "post")) return undefined
  const input = host.text(0) ?? host.latin1(0)
  const whole = pythonJson(raw ? input : cleaned(host, input).text)
  const prevResult = role === "post" && command === "ADD" ? chainInput(whole).prevResult : undefined
  const shown = prevResult ? `output=${whole.slice(prevResult.from, prevResult.to)}` : `input=${whole}`
  return `CNI_COMMAND=${command},CNI_CONTAINERID=${containerId},${shown}\n`
}
