import { isObject } from "../../cni/json.ts"
import { type Call, jsonObject, resultOf, textOf } from "../call.ts"
import { decodeLine } from "../decode/decode.ts"
import { parseJsonCached } from "../json-cache.ts"
import type { Operation } from "../operation.ts"
import { errorIn, splitDocuments } from "../result/document.ts"
import { addressesOf, errorTexts } from "../result/result-fields.ts"

/** The error object on stdout, alone or among other documents and log lines. */
export function errorOf(call: Call): Record<string, unknown> | undefined {
  return errorIn(splitDocuments(textOf(call.stdout) ?? ""))
}

/** Message and details of the error object in one line; configurations quoted as bytes are decoded to JSON. */
export function messageOf(call: Call): string | undefined {
  const parts = errorTexts(errorOf(call))
  return parts.length > 0 ? decodeLine(parts.join("; ")).text : undefined
}

/** The cause that a failing call states: its error object, otherwise the more informative one of stdout and stderr. */
export function errorTextOf(call: Call): string | undefined {
  return messageOf(call) ?? tellingLine(call)?.line
}

/** The stream that states why a call failed; undefined if neither does. */
export function errorStreamOf(call: Call): "stdout" | "stderr" | undefined {
  return messageOf(call) === undefined ? tellingLine(call)?.stream : "stdout"
}

function tellingLine(call: Call): { stream: "stdout" | "stderr"; line: string } | undefined {
  // A JSON object that is not an error is a result, which states no cause.
  const stdout = jsonObject(call.stdout) ? undefined : mostRelevantLine(textOf(call.stdout))
  const stderr = mostRelevantLine(textOf(call.stderr))
  const isInStderr = stderr && (!stdout || (statesProblem(stderr) && !statesProblem(stdout)))
  if (isInStderr) return { stream: "stderr", line: stderr }
  return stdout ? { stream: "stdout", line: stdout } : undefined
}

function statesProblem(line: string): boolean {
  return PANIC.test(line) || PROBLEM.test(line)
}

/** The line that states a problem in what a call without an end has written (its progress records), if there is one. */
export function writtenSoFar({ stdout, stderr }: Call): { stream: "stdout" | "stderr"; line: string } | undefined {
  const stream = stderr?.sizeBytes ? "stderr" : "stdout"
  const line = mostRelevantLine(textOf(stream === "stderr" ? stderr : stdout))
  return line ? { stream, line: abbreviate(line) } : undefined
}

/** The addresses of the last plugin's result. */
export function resultAddresses({ calls }: Pick<Operation, "calls">): string[] {
  const last = calls.at(-1)?.call
  return last ? addressesOf(resultOf(last)) : []
}

/** A log entry in JSON as its level, message and error; any other line as it is. */
function logText(line: string): string {
  const entry = line.startsWith("{") ? parseJsonCached(line) : undefined
  if (!isObject(entry)) return line
  const texts = [entry.level, entry.msg ?? entry.message, entry.error ?? entry.err].filter(
    (part) => typeof part === "string" && part !== "",
  )
  return texts.length > 1 ? texts.join(": ") : line
}

/** The line where a program panicked, else the last line that mentions a problem, else the last line. */
export function mostRelevantLine(text: string | undefined): string | undefined {
  const lines = text?.trim().split("\n") ?? []
  const line = lines.find((one) => PANIC.test(one)) ?? lines.findLast((one) => PROBLEM.test(one)) ?? lines.at(-1)
  return line === undefined ? undefined : logText(line.trim())
}

export function isPanic(line: string): boolean {
  return PANIC.test(line)
}

const PANIC = /^(?:panic|fatal error): |\bpanicked at\b/
const PROBLEM = /\b(?:error|err|fatal|fail(?:ed|s|ure)?|cannot|could not|unable|denied|refused|time(?:d )?out)\b/i

/** One line of at most `maxCharacters`; shortened in the middle, because errors often end with their cause. */
export function abbreviate(text: string, maxCharacters = 200): string {
  const line = text.replace(/\s+/g, " ").trim()
  if (line.length <= maxCharacters) return line
  const tail = Math.floor(maxCharacters / 3)
  return `${line.slice(0, maxCharacters - tail - 1)}…${line.slice(-tail)}`
}
