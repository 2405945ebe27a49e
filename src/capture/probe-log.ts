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

/** A newline in a container ID, or in stdin that is not JSON, would forge another line. */
function escapeControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is searched for
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`
  })
}
