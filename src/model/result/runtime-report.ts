import { type Call, hasFailedExit, jsonObject, textOf } from "../call.ts"
import { errorText, exitText } from "../format.ts"
import { isError, splitDocuments } from "./document.ts"
import { errorTexts } from "./result-fields.ts"

/**
 * How a runtime based on libcni interprets a call (pkg/invoke/raw_exec.go): by exit status first, then by stdout; stderr is
 * used only if stdout is empty. `waiting`: the call has not ended. `empty-success`: an error object with exit status 0,
 * which libcni accepts as an empty result.
 */
export type RuntimeReport =
  | { kind: "success" | "waiting" }
  | { kind: "empty-success" }
  | { kind: "failure"; message: string }

/** `message` is the error text of libcni, which the runtime's log and the pod's Events contain. */
export function reportOf(call: Call): RuntimeReport {
  if (call.as === "probe") return { kind: "success" }
  if (call.state === "running" || call.state === "unknown") return { kind: "waiting" }
  const stdout = textOf(call.stdout)
  if (hasFailedExit(call)) return failure(call, failureMessage(call, stdout))
  // libcni ignores the output of a successful DEL, CHECK, GC or STATUS.
  if (call.command !== "ADD" || stdout === undefined) return { kind: "success" }
  const parseError = goJsonError(stdout)
  // pkg/invoke/exec.go fixupResultVersion
  if (parseError) return failure(call, `failed to unmarshal raw result: ${parseError}`)
  const result = jsonObject(call.stdout)
  return result && isError(result) ? { kind: "empty-success" } : { kind: "success" }
}

/** Whether libcni drops the stderr of a failed call, which it does if stdout is not empty. */
export function isStderrDropped(call: Call): boolean {
  return hasFailedExit(call) && (call.stdout?.sizeBytes ?? 0) > 0 && (textOf(call.stderr) ?? "").trim() !== ""
}

/** The error of Go's encoding/json for a text that is not exactly one document; undefined if it is. */
export function goJsonError(text: string): string | undefined {
  const [first, second] = splitDocuments(text)
  if (!first || first.kind === "broken") return "unexpected end of JSON input"
  if (first.kind === "json") return second && `invalid character ${quoted(text, second.from)} after top-level value`
  // A log line that starts with a date is a number followed by something else.
  const number = /^-?(?:0|[1-9]\d*)(?=[^\d.eE])/.exec(text.slice(first.from))
  if (number) {
    return `invalid character ${quoted(text, afterBlanks(text, first.from + number[0].length))} after top-level value`
  }
  const at = text[first.from] === "[" ? afterBlanks(text, first.from + 1) : first.from
  const literal = ["true", "false", "null"].find(([initial]) => initial === text[at])
  if (literal) {
    const wrong = [...literal].findIndex((letter, index) => text[at + index] !== letter)
    return `invalid character ${quoted(text, at + wrong)} in literal ${literal} (expecting '${literal[wrong]}')`
  }
  return /["[{\d-]/.test(text[at] ?? "{")
    ? "invalid character"
    : `invalid character ${quoted(text, at)} looking for beginning of value`
}

/** As in libcni/api.go; for GC and STATUS the message has no prefix. */
const VERBS: Readonly<Record<string, string>> = { ADD: "add", DEL: "delete", CHECK: "check" }

function failure({ plugin, command }: Call, message: string): RuntimeReport {
  const verb = VERBS[command]
  return { kind: "failure", message: verb ? `plugin type="${plugin}" failed (${verb}): ${message}` : message }
}

function failureMessage(call: Call, stdout: string | undefined): string {
  if (!call.stdout?.sizeBytes) {
    // The relay answers as if the runtime itself had failed to start the plugin.
    if (call.exit && "errno" in call.exit)
      return `netplugin failed with no error message: fork/exec ${call.path}: ${errorText(call.exit.errno)}`
    const stderr = textOf(call.stderr)
    // Some versions append the exit status.
    if (stderr) return `netplugin failed: ${goQuoted(stderr)}`
    return `netplugin failed with no error message: ${goExit(call)}`
  }
  const error = jsonObject(call.stdout)
  if (error) return errorTexts(error).join("; ")
  const parseError = stdout === undefined ? "invalid character" : (goJsonError(stdout) ?? "not an object")
  return `netplugin failed but error parsing its diagnostic message ${goQuoted(stdout ?? "...")}: ${parseError}`
}

/** As Go's os/exec.ExitError formats it; runtimes kill a call with SIGKILL. */
function goExit({ state, exit }: Call): string {
  if (state === "killed" || !exit) return "signal: killed"
  if ("code" in exit) return `exit status ${exit.code}`
  // If the plugin could not be started, the relay reports that on stderr and exits with 1.
  return "signal" in exit ? `signal: ${GO_SIGNALS[exit.signal] ?? exitText(exit)}` : "exit status 1"
}

const GO_SIGNALS: Readonly<Record<number, string>> = {
  2: "interrupt",
  3: "quit",
  4: "illegal instruction",
  6: "aborted",
  7: "bus error",
  8: "floating point exception",
  9: "killed",
  11: "segmentation fault",
  13: "broken pipe",
  15: "terminated",
}

function goQuoted(text: string): string {
  return JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, "\\x$1")
}

function quoted(text: string, at: number): string {
  return `'${text.slice(at, at + 1)}'`
}

function afterBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 32) at++
  return at
}
