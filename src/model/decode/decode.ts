import { type OutputPiece, splitDocuments } from "../result/document.ts"
import { asJsonText } from "./bytes.ts"
import { findBase64, findByteList, findHex } from "./find-bytes.ts"
import { findEscaped, findQuoted } from "./find-quoted.ts"

/** How a JSON text was written where it should not have been. */
export type Encoding = "byte list" | "hex" | "quoted" | "escaped" | "base64"

/** A stretch of a line (half-open range of characters) and the text that it stands for. */
export type DecodedPart = { from: number; to: number; encoding: Encoding; text: string; isTruncated?: true }

/** A line of a log or an Event. `text`: with every stretch replaced; `found`: what was replaced, from left to right. */
export type DecodedLine = { text: string; parts: DecodedPart[] }

/** A configuration in an error in an Event in a log is quoted that often. */
const DEEPEST = 5

/**
 * Turns JSON that was printed as `[123 34 99 ...]`, `[]uint8{0x7b, ...}`, hexadecimal digits, a Go-quoted string, `\x22`
 * escapes or base64 back into JSON, wherever it stands in the line. What stands for no JSON is left as it is.
 */
export function decodeLine(line: string): DecodedLine {
  return decoded(line, DEEPEST)
}

function decoded(line: string, depth: number): DecodedLine {
  const whole = depth > 0 ? decodedDocument(line, depth) : undefined
  if (whole) return whole
  const found = depth > 0 ? FINDERS.flatMap((find) => find(line)).filter(({ text }) => holdsJson(text, depth)) : []
  let text = ""
  let at = 0
  const taken: DecodedPart[] = []
  // The outermost wins: what is inside it is found in its text.
  for (const stretch of found.sort((a, b) => a.from - b.from || b.to - a.to)) {
    if (stretch.from < at) continue
    const inner = decoded(stretch.text, depth - 1).text
    text += line.slice(at, stretch.from) + inner
    at = stretch.to
    taken.push({ ...stretch, text: inner })
  }
  return { text: text + line.slice(at), parts: taken }
}

const FINDERS: readonly ((line: string) => DecodedPart[])[] = [
  findByteList,
  findHex,
  findQuoted,
  findEscaped,
  findBase64,
]

function holdsJson(text: string, depth: number): boolean {
  return splitDocuments(text).some((piece) => isDocument(piece, text)) || decoded(text, depth - 1).parts.length > 0
}

/** `[]` and `{}` say nothing, `[INFO]` is no JSON, and not every brace that is never closed begins some. */
function isDocument(piece: OutputPiece, text: string): boolean {
  if (piece.kind === "broken") return /^(?:\{\s*"|\[\s*[{["])/.test(text.slice(piece.from))
  return piece.kind === "json" && typeof piece.value === "object" && Object.keys(piece.value ?? {}).length > 0
}

/** A line that is JSON already (libcni's cache file) may hold encoded JSON as the value of a key. */
function decodedDocument(line: string, depth: number): DecodedLine | undefined {
  if (!/^\s*[{[]/.test(line)) return undefined
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  const parts: DecodedPart[] = []
  const text = JSON.stringify(replaced(value, depth, parts))
  return parts.length > 0 ? { text, parts } : { text: line, parts }
}

function replaced(value: unknown, depth: number, parts: DecodedPart[]): unknown {
  const text =
    typeof value === "string" ? whollyEncoded(value, depth) : Array.isArray(value) ? asJsonText(value) : undefined
  if (text !== undefined) {
    parts.push({ from: 0, to: 0, encoding: typeof value === "string" ? "base64" : "byte list", text })
    return replaced(JSON.parse(text), depth - 1, parts)
  }
  if (Array.isArray(value)) return value.map((item) => replaced(item, depth, parts))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, depth, parts)]))
}

/** The JSON that a string stands for, if it is nothing else. */
function whollyEncoded(value: string, depth: number): string | undefined {
  const { text, parts } = depth > 1 ? decoded(value, depth - 1) : { text: value, parts: [] }
  if (parts.length === 0 && !/^\s*[{[]/.test(value)) return undefined
  const [only, ...others] = splitDocuments(text)
  return only?.kind === "json" && isDocument(only, text) && others.length === 0 ? text : undefined
}
