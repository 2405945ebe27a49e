import { isObject } from "../../cni/json.ts"
import { parseJsonCached } from "../json-cache.ts"

/** A stretch of a stream: one JSON document, one that was cut off, or anything else. Positions are characters. */
export type OutputPiece =
  | { kind: "json"; from: number; to: number; value: unknown }
  | { kind: "broken" | "text"; from: number; to: number }

/** Log text can hold any number of braces; after so many that open no document the rest is text. */
const MOST_TRIES = 64

/** Cuts what a plugin printed into documents and what stands before, between and after them. Blanks are left out. */
export function splitDocuments(text: string): OutputPiece[] {
  const whole = parsed(text, 0, text.length)
  if (whole) return [whole]
  const pieces: OutputPiece[] = []
  let tries = 0
  let textFrom = -1
  let at = skipBlanks(text, 0)
  const endText = (to: number) => {
    if (textFrom >= 0 && to > textFrom) pieces.push({ kind: "text", from: textFrom, to })
    textFrom = -1
  }
  while (at < text.length && tries < MOST_TRIES) {
    const opening = nextOpening(text, at)
    if (opening < 0) break
    if (opening > at && textFrom < 0) textFrom = at
    const to = balancedEnd(text, opening)
    const document = to === undefined ? undefined : parsed(text, opening, to)
    if (document && to !== undefined) {
      endText(trimmedEnd(text, opening))
      pieces.push(document)
      at = skipBlanks(text, to)
      continue
    }
    tries++
    // What begins with a brace and never closes is a result that was cut off, not a log line.
    if (to === undefined && textFrom < 0) return [...pieces, { kind: "broken", from: opening, to: text.length }]
    if (textFrom < 0) textFrom = opening
    at = to ?? opening + 1
  }
  if (textFrom < 0 && at < text.length) textFrom = at
  endText(trimmedEnd(text, text.length))
  return pieces
}

/** The document that is an error; a log line in JSON has a `msg` too. */
export function errorIn(pieces: readonly OutputPiece[]): Record<string, unknown> | undefined {
  const objects = pieces.flatMap((piece) => (piece.kind === "json" && isObject(piece.value) ? [piece.value] : []))
  return objects.find((object) => "code" in object) ?? objects.find(isError)
}

/** As libcni's types.Error: a result has neither key. */
export function isError(value: Record<string, unknown>): boolean {
  return "code" in value || "msg" in value
}

function parsed(text: string, from: number, to: number): OutputPiece | undefined {
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

/** After the bracket that closes the one at `from`; undefined where none does. */
function balancedEnd(text: string, from: number): number | undefined {
  let depth = 0
  let plainUntil = from
  BRACKET_OR_QUOTE.lastIndex = from
  for (let found = BRACKET_OR_QUOTE.exec(text); found; found = BRACKET_OR_QUOTE.exec(text)) {
    const [token] = found
    if (token === "{" || token === "[") depth++
    else if (token !== '"') {
      if (--depth === 0) return BRACKET_OR_QUOTE.lastIndex
    } else if (found.index >= plainUntil) {
      STRING.lastIndex = found.index
      if (STRING.test(text)) BRACKET_OR_QUOTE.lastIndex = STRING.lastIndex
      else {
        // Where one string is never closed, those that begin further on in the line are not either: looked at once.
        const newline = text.indexOf("\n", found.index)
        plainUntil = newline < 0 ? text.length : newline
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
