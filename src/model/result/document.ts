import { isObject } from "../../cni/json.ts"
import { parseJsonCached } from "../json-cache.ts"

/**
 * A part of a stream: a complete JSON document, an incomplete one (`broken`), or other text. `from` and `to` are character
 * offsets, `to` exclusive.
 */
export type OutputPiece =
  | { kind: "json"; from: number; to: number; value: unknown }
  | { kind: "broken" | "text"; from: number; to: number }

/** Text can contain any number of braces; after this many, whether they start a document or not, the rest is text. */
const MAX_OPENINGS = 128

/** Splits the output of a plugin into JSON documents and the text before, between and after them, without blanks. */
export function splitDocuments(text: string): OutputPiece[] {
  const whole = parsePiece(text, 0, text.length)
  if (whole) return [whole]
  const pieces: OutputPiece[] = []
  let openings = 0
  let textFrom = -1
  let at = skipBlanks(text, 0)
  const endText = (to: number) => {
    if (textFrom >= 0 && to > textFrom) pieces.push({ kind: "text", from: textFrom, to })
    textFrom = -1
  }
  while (at < text.length && openings < MAX_OPENINGS) {
    const opening = nextOpening(text, at)
    if (opening < 0) break
    if (opening > at && textFrom < 0) textFrom = at
    const to = balancedEnd(text, opening)
    const document = to === undefined ? undefined : parsePiece(text, opening, to)
    openings++
    if (document && to !== undefined) {
      endText(trimmedEnd(text, opening))
      pieces.push(document)
      at = skipBlanks(text, to)
      continue
    }
    // Output that starts with a brace that is never closed is an incomplete result, not a log line.
    if (to === undefined && textFrom < 0) return [...pieces, { kind: "broken", from: opening, to: text.length }]
    if (textFrom < 0) textFrom = opening
    at = to ?? opening + 1
  }
  if (textFrom < 0 && at < text.length) textFrom = at
  endText(trimmedEnd(text, text.length))
  return pieces
}

/** The error object. One with a `code` is preferred, because log lines in JSON have a `msg` too. */
export function errorIn(pieces: readonly OutputPiece[]): Record<string, unknown> | undefined {
  const objects = pieces.flatMap((piece) => (piece.kind === "json" && isObject(piece.value) ? [piece.value] : []))
  return objects.find((object) => "code" in object) ?? objects.find(isError)
}

/** Whether an object is an error (libcni's types.Error): a result has neither key. */
export function isError(value: Record<string, unknown>): boolean {
  return "code" in value || "msg" in value
}

function parsePiece(text: string, from: number, to: number): OutputPiece | undefined {
  const value = parseJsonCached(from === 0 && to === text.length ? text : text.slice(from, to))
  return value === undefined
    ? undefined
    : { kind: "json", from: skipBlanks(text, from), to: trimmedEnd(text, to), value }
}

function nextOpening(text: string, from: number): number {
  const brace = text.indexOf("{", from)
  const bracket = text.indexOf("[", from)
  return brace < 0 ? bracket : bracket < 0 ? brace : Math.min(brace, bracket)
}

/** Position after the bracket that closes the one at `from`; undefined if it is never closed. */
function balancedEnd(text: string, from: number): number | undefined {
  let depth = 0
  let unquotedUntil = from
  BRACKET_OR_QUOTE.lastIndex = from
  for (let found = BRACKET_OR_QUOTE.exec(text); found; found = BRACKET_OR_QUOTE.exec(text)) {
    const [token] = found
    if (token === "{" || token === "[") depth++
    else if (token !== '"') {
      if (--depth === 0) return BRACKET_OR_QUOTE.lastIndex
    } else if (found.index >= unquotedUntil) {
      STRING.lastIndex = found.index
      if (STRING.test(text)) BRACKET_OR_QUOTE.lastIndex = STRING.lastIndex
      else {
        // If a string is not closed on its line, no later one on that line is: the line is scanned only once.
        const newline = text.indexOf("\n", found.index)
        unquotedUntil = newline < 0 ? text.length : newline
      }
    }
  }
  return undefined
}

const BRACKET_OR_QUOTE = /[{}[\]"]/g
const STRING = /"[^"\\\n]*(?:\\.[^"\\\n]*)*"/y

function skipBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 32) at++
  return at
}

function trimmedEnd(text: string, to: number): number {
  let at = to
  while (at > 0 && text.charCodeAt(at - 1) <= 32) at--
  return at
}
