import { type Call, isFailed, resultOf, type Stream, textOf } from "../call.ts"
import { errorStreamOf } from "../explain/error-text.ts"
import { type Operation, walk } from "../operation.ts"
import { addressesOf } from "../result/result-fields.ts"
import { fieldOf } from "./field.ts"
import type { Filter, Operand, Test } from "./filter.ts"
import { toMatcher } from "./match.ts"

/** Where a filter matched: the call and, if it was in one, the stream and the text there. */
export type FilterHit = { call: string; stream?: Stream; text?: string }

type StreamPlace = { stream: Stream; text?: string }

/** The call of an operation with streams that a filter is about; undefined if it is about none of them in particular. */
export function findHit(filter: Filter, operation: Operation, nowMs?: number): FilterHit | undefined {
  const tests = [...positiveTests(filter)].map((test) => ({ test, matcher: toMatcher(test, nowMs) }))
  const calls = walk(operation.calls).map(({ call }) => {
    const met = tests.flatMap(({ test, matcher }) => (matcher.call(call) ? [test] : []))
    return { call, met: met.length, place: placeIn(call, met) }
  })
  const most = Math.max(0, ...calls.map(({ met, place }) => rank(met, place)))
  const best = calls.filter(({ met, place }) => rank(met, place) === most)
  const found = best.findLast(({ call }) => call.state !== "ended" || isFailed(call)) ?? best[0]
  if (!found || (best.length === calls.length && !found.place)) return undefined
  return { call: found.call.id, ...found.place }
}

/** Among calls that meet equally many tests, one with the text in a stream shows more. */
function rank(met: number, place: StreamPlace | undefined): number {
  return 2 * met + (place ? 1 : 0)
}

/** The tests that a match is shown by: not what must be absent. */
function* positiveTests(filter: Filter): Generator<Test> {
  if (filter.kind === "not") return
  if (filter.kind !== "test") for (const part of filter.parts) yield* positiveTests(part)
  else if (filter.operator !== "!=" && filter.operator !== "!~") yield filter
}

function placeIn(call: Call, met: readonly Test[]): StreamPlace | undefined {
  for (const test of met) {
    const place = streamPlace(call, test)
    if (place) return place
  }
  return wordsPlace(call, met)
}

function streamPlace(call: Call, { field, values }: Test): StreamPlace | undefined {
  switch (field) {
    case "stdin":
    case "stdout":
    case "stderr":
      return placed(
        field,
        values.map((operand) => foundText(textOf(call[field]), operand)),
      )
    case "msg":
      return placed(
        "stdout",
        values.map((operand) => foundText(textOf(call.stdout), operand)),
      )
    case "code":
      return { stream: "stdout", text: '"code"' }
    case "ip": {
      const { decide } = toMatcher({ kind: "test", field, operator: "=", values: [...values] })
      const address = addressesOf(resultOf(call)).find((each) => decide(() => [each]))
      return placed(call.as === "probe" ? "stdin" : "stdout", [address])
    }
    default:
      return undefined
  }
}

/** Where bare words occur in the error: the phrase if they follow one another there, otherwise the longest one. */
function wordsPlace(call: Call, met: readonly Test[]): StreamPlace | undefined {
  const stream = isFailed(call) ? errorStreamOf(call) : undefined
  const words = met.flatMap(({ field, values }) => (fieldOf(field).joined ? values.map(({ text }) => text) : []))
  const text = stream && textOf(call[stream])?.toLowerCase()
  if (!text) return undefined
  const longestFirst = words.toSorted((a, b) => b.length - a.length)
  const found = [words.join(" "), ...longestFirst].find((each) => each && text.includes(each.toLowerCase()))
  return found === undefined ? undefined : { stream, text: found }
}

function placed(stream: Stream, texts: (string | undefined)[]): StreamPlace {
  const text = texts.find(Boolean)
  return { stream, ...(text ? { text } : {}) }
}

/** The part of a stream, within one line, that an operand matched. */
function foundText(stream: string | undefined, operand: Operand): string | undefined {
  if (stream === undefined) return undefined
  const text =
    operand.kind === "regex"
      ? new RegExp(operand.text, operand.flags).exec(stream)?.[0]
      : operand.kind === "glob"
        ? operand.text.split("*").toSorted((a, b) => b.length - a.length)[0]
        : operand.text
  const line = text?.split("\n").find((each) => each.trim() !== "")
  return line !== undefined && stream.toLowerCase().includes(line.toLowerCase()) ? line : undefined
}
