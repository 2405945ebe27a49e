import { chainInput } from "./chain-input.ts"
import { pythonJson } from "./python-json.ts"

/** `pre` is the first plugin of the list, `post` the last. */
export type ProbeRole = "pre" | "post"

/** What a probe was called with; `input` is its stdin, without secrets. */
export type ProbeCall = { command: string | undefined; containerId: string | undefined; input: string }

/** The role of an executable of this name; the names of the scripts that the probes replace count too. */
export function probeRole(name: string): ProbeRole | undefined {
  const base = name.endsWith(".py") ? name.slice(0, -3) : name
  if (base === "cni_pre") return "pre"
  return base === "cni_post" ? "post" : undefined
}

/**
 * The line that a probe appends to its log, if it appends one: for ADD both probes, for DEL the last of the list. JSON is
 * spaced like Python's json.dumps, so that searches written for the scripts' log match; tokens stay as they came.
 */
export function probeLogLine(role: ProbeRole, { command, containerId, input }: ProbeCall): string | undefined {
  if (command === undefined) return "env CNI_COMMAND not found\n"
  if (containerId === undefined) return "env CNI_CONTAINERID not found\n"
  if (command !== "ADD" && !(command === "DEL" && role === "post")) return undefined
  const text = pythonJson(input)
  const prevResult = role === "post" && command === "ADD" ? chainInput(text).prevResult : undefined
  if (prevResult) return logLine(command, containerId, "output", text.slice(prevResult.from, prevResult.to))
  return logLine(command, containerId, "input", text)
}

export function logLine(command: string, containerId: string, key: "input" | "output", text: string): string {
  return `${escapeControls(`CNI_COMMAND=${command},CNI_CONTAINERID=${containerId},${key}=${text}`)}\n`
}

/** A newline in a container ID, or in stdin that is not JSON, would forge another line. The relay's engine has no RegExp. */
function escapeControls(text: string): string {
  const parts: string[] = []
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if ((code >= 0x20 && code !== 0x7f) || code === 0x09) continue
    parts.push(text.slice(from, at), `\\x${code.toString(16).padStart(2, "0")}`)
    from = at + 1
  }
  return from === 0 ? text : parts.join("") + text.slice(from)
}
