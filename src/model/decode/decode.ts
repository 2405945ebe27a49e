import { type OutputPiece, splitDocuments } from "../result/document.ts"
import { asJsonText } from "./bytes.ts"
import { findBase64, findByteList, findHex } from "./find-bytes.ts"
import { findEscaped, findQuoted } from "./find-quoted.ts"

/** How JSON was encoded in a log or an Event. */
export type Encoding = "byte list" | "hex" | "quoted" | "escaped" | "base64"

/** An encoded part of a line and its decoded text. `from` and `to` are character offsets, `to` exclusive. */
export type DecodedPart = { from: number; to: number; encoding: Encoding; text: string; isTruncated?: true }

/** `text`: the line with every encoded part replaced. `parts`: what was replaced, from left to right. */
export type DecodedLine = { text: string; parts: DecodedPart[] }

/** Each error, Event and log that quotes a configuration adds a level of encoding. */
const MAX_DEPTH = 5

/**
 * Decodes JSON that was printed as `[123 34 99 ...]`, `[]uint8{0x7b, ...}`, hexadecimal digits, a Go-quoted string, `\x22`
 * escapes or base64, anywhere in the line. Everything else is left unchanged.
 */
export function decodeLine(line: string): DecodedLine {
  return decode(line, MAX_DEPTH)
}

function decode(line: string, depth: number): DecodedLine {
  const whole = depth > 0 ? decodeDocument(line, depth) : undefined
  if (whole) return whole
  const found = depth > 0 ? FINDERS.flatMap((find) => find(line)).filter(({ text }) => containsJson(text, depth)) : []
  let text = ""
  let at = 0
  const parts: DecodedPart[] = []
  // The outermost part wins; parts inside it are found again in its text.
  for (const part of found.sort((a, b) => a.from - b.from || b.to - a.to)) {
    if (part.from < at) continue
    const inner = decode(part.text, depth - 1).text
    text += line.slice(at, part.from) + inner
    at = part.to
    parts.push({ ...part, text: inner })
  }
  return { text: text + line.slice(at), parts }
}

const FINDERS: readonly ((line: string) => DecodedPart[])[] = [
  findByteList,
  findHex,
  findQuoted,
  findEscaped,
  findBase64,
]

function containsJson(text: string, depth: number): boolean {
  return splitDocuments(text).some((piece) => isDocument(piece, text)) || decode(text, depth - 1).parts.length > 0
}

/** Excludes `[]` and `{}`, `[INFO]`, and unclosed braces that do not start a JSON document. */
function isDocument(piece: OutputPiece, text: string): boolean {
  if (piece.kind === "broken") return /^(?:\{\s*"|\[\s*[{["])/.test(text.slice(piece.from))
  return piece.kind === "json" && typeof piece.value === "object" && Object.keys(piece.value ?? {}).length > 0
}

/** A line that is JSON itself, such as libcni's cache file, may contain encoded JSON as the value of a key. */
function decodeDocument(line: string, depth: number): DecodedLine | undefined {
  if (!/^\s*[{[]/.test(line)) return undefined
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  const parts: DecodedPart[] = []
  const text = JSON.stringify(decodeValues(value, depth, parts))
  return parts.length > 0 ? { text, parts } : { text: line, parts }
}

function decodeValues(value: unknown, depth: number, parts: DecodedPart[]): unknown {
  const text =
    typeof value === "string" ? decodeWhole(value, depth) : Array.isArray(value) ? asJsonText(value) : undefined
  if (text !== undefined) {
    parts.push({ from: 0, to: 0, encoding: typeof value === "string" ? "base64" : "byte list", text })
    return decodeValues(JSON.parse(text), depth - 1, parts)
  }
  if (Array.isArray(value)) return value.map((item) => decodeValues(item, depth, parts))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decodeValues(item, depth, parts)]))
}

/** The decoded text of a string that is nothing but encoded JSON. */
function decodeWhole(value: string, depth: number): string | undefined {
  const { text, parts } = depth > 1 ? decode(value, depth - 1) : { text: value, parts: [] }
  if (parts.length === 0 && !/^\s*[{[]/.test(value)) return undefined
  const [only, ...others] = splitDocuments(text)
  return only?.kind === "json" && isDocument(only, text) && others.length === 0 ? text : undefined
}
