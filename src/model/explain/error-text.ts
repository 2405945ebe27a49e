import { type Call, jsonObject, resultOf, textOf } from "../call.ts"
import { decodeLine } from "../decode/decode.ts"
import type { Operation } from "../operation.ts"
import { errorIn, splitDocuments } from "../result/document.ts"
import { addressesOf, errorTexts } from "../result/result-fields.ts"

/** The error object on stdout, be it alone or among other documents and log lines. */
export function errorOf(call: Call): Record<string, unknown> | undefined {
  return errorIn(splitDocuments(textOf(call.stdout) ?? ""))
}

/** What the error object says, in one line; a configuration that it quotes as bytes is JSON again. */
export function messageOf(call: Call): string | undefined {
  const parts = errorTexts(errorOf(call))
  return parts.length > 0 ? decodeLine(parts.join("; ")).text : undefined
}

/** What a failing call itself says of the cause; a result says nothing of it. */
export function errorTextOf(call: Call): string | undefined {
  const stdout = jsonObject(call.stdout) ? undefined : textOf(call.stdout)
  return messageOf(call) ?? (mostRelevantLine(stdout) || mostRelevantLine(textOf(call.stderr)) || undefined)
}

export function resultAddresses({ calls }: Operation): string[] {
  const last = calls.at(-1)?.call
  return last ? addressesOf(resultOf(last)) : []
}

/** The line of a log that tells the most: where a program panicked, else the last that speaks of trouble, else the last. */
export function mostRelevantLine(text: string | undefined): string | undefined {
  const lines = text?.trim().split("\n") ?? []
  return (
    lines.find((line) => PANIC.test(line)) ??
    lines.findLast((line) => TROUBLE.test(line)) ??
    lines.at(-1)
  )?.trim()
}

const PANIC = /^(?:panic|fatal error): |\bpanicked at\b/
const TROUBLE = /\b(?:error|err|fatal|fail(?:ed|s|ure)?|cannot|could not|unable|denied|refused|time(?:d )?out)\b/i

/** In one line, without its middle where it is long: what is wrong is often said at the end. */
export function abbreviate(text: string, most = 200): string {
  const line = text.replace(/\s+/g, " ").trim()
  if (line.length <= most) return line
  const tail = Math.floor(most / 3)
  return `${line.slice(0, most - tail - 1)}…${line.slice(-tail)}`
}
