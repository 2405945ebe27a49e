import { isObject, parseJson } from "../../cni/json.ts"
import { type OutputPiece, splitDocuments } from "../result/document.ts"
import { asJsonText } from "./bytes.ts"
import { findAddresses, jsonNetwork } from "./find-addresses.ts"
import { findBase64, findByteList, findHex } from "./find-bytes.ts"
import { findEscaped, findQuoted, isQuotedMessage } from "./find-quoted.ts"

/** How JSON, an error message (`quoted`) or an IP address (`address`) was encoded in a log or an Event. */
export type Encoding = "byte list" | "hex" | "quoted" | "escaped" | "base64" | "address"

/**
 * An encoded part of a line and its decoded text. `from` and `to` are character offsets, `to` exclusive; both are 0 for a
 * value in a line that is JSON itself.
 */
export type DecodedPart = { from: number; to: number; encoding: Encoding; text: string; isTruncated?: true }

/** `text`: the line with every encoded part replaced. `parts`: what was replaced, from left to right. */
export type DecodedLine = { text: string; parts: DecodedPart[] }

/** Each error, Event and log that quotes a configuration adds a level of encoding. */
const MAX_DEPTH = 5

/**
 * Decodes JSON that was printed as `[123 34 99 ...]`, `[]uint8{0x7b, ...}`, hexadecimal digits, a Go-quoted string, `\x22`
 * escapes or base64, error messages that were quoted several times, and IP addresses and networks as Go prints them,
 * anywhere in the line. Everything else is left unchanged.
 */
export function decodeLine(line: string): DecodedLine {
  const { text, parts } = decode(line, MAX_DEPTH)
  return { text, parts }
}

type DecodedJsonLine = DecodedLine & { holdsJson: boolean }

/** `isUnquoted`: a level of quotes was removed, so that quotes in quotes are those of one message. */
function decode(line: string, depth: number, isUnquoted = false): DecodedJsonLine {
  if (depth === 0) return { text: line, parts: [], holdsJson: false }
  const whole = decodeDocument(line, depth)
  if (whole) return whole
  let text = ""
  let at = 0
  let holdsJson = false
  let pieces: OutputPiece[] | undefined
  const parts: DecodedPart[] = []
  // The outermost part wins; parts inside it are found again in its text.
  for (const part of FINDERS.flatMap((find) => find(line)).sort((a, b) => a.from - b.from || b.to - a.to)) {
    if (part.from < at) continue
    let decoded: DecodedJsonLine = { text: part.text, parts: [], holdsJson: false }
    if (part.encoding !== "address") {
      const isMessage = part.encoding === "quoted" && isQuotedMessage(line, part, { isUnquoted })
      if (!isMessage && !/[{[]/.test(part.text)) continue
      decoded = decode(part.text, depth - 1, part.encoding === "quoted")
      decoded.holdsJson ||= hasDocument(part.text)
      if (!decoded.holdsJson) {
        if (!isMessage && (part.encoding !== "quoted" || decoded.parts.length === 0)) continue
        // Without its quotes and escapes, a string would break the document that it is in.
        pieces ??= splitDocuments(line)
        if (pieces.some(({ kind, from, to }) => kind !== "text" && from < part.from && part.to < to)) continue
      }
    }
    text += line.slice(at, part.from) + decoded.text
    at = part.to
    holdsJson ||= decoded.holdsJson
    parts.push({ ...part, text: decoded.text })
  }
  return { text: text + line.slice(at), parts, holdsJson }
}

const FINDERS: readonly ((line: string) => DecodedPart[])[] = [
  findByteList,
  findHex,
  findQuoted,
  findEscaped,
  findBase64,
  findAddresses,
]

function hasDocument(text: string): boolean {
  return splitDocuments(text).some((piece) => isDocument(piece, text))
}

/** Excludes `[]` and `{}`, `[INFO]`, and unclosed braces that do not start a JSON document. */
function isDocument(piece: OutputPiece, text: string): boolean {
  if (piece.kind === "broken") return /^(?:\{\s*"|\[\s*[{["])/.test(text.slice(piece.from))
  return piece.kind === "json" && typeof piece.value === "object" && Object.keys(piece.value ?? {}).length > 0
}

/** A line that is JSON itself, such as libcni's cache file or a log record, may contain encoded text in its values. */
function decodeDocument(line: string, depth: number): DecodedJsonLine | undefined {
  if (!/^\s*[{[]/.test(line)) return undefined
  const value = parseJson(line)
  if (value === undefined) return undefined
  const parts: DecodedPart[] = []
  const decoded = decodeValues(value, depth, parts)
  return { text: parts.length > 0 ? JSON.stringify(decoded) : line, parts, holdsJson: parts.length > 0 }
}

function decodeValues(value: unknown, depth: number, parts: DecodedPart[]): unknown {
  if (typeof value === "string") return decodeString(value, depth, parts)
  if (Array.isArray(value)) {
    const text = asJsonText(value)
    if (text === undefined) return value.map((item) => decodeValues(item, depth, parts))
    parts.push({ from: 0, to: 0, encoding: "byte list", text })
    return decodeValues(JSON.parse(text), depth - 1, parts)
  }
  if (!isObject(value)) return value
  const network = jsonNetwork(value)
  if (network !== undefined) {
    parts.push({ from: 0, to: 0, encoding: "address", text: network })
    return network
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decodeValues(item, depth, parts)]))
}

/** A string that is nothing but JSON becomes a value of the document; in any other string the parts are replaced. */
function decodeString(value: string, depth: number, found: DecodedPart[]): unknown {
  const { text, parts } = decode(value, depth - 1)
  if (parts.length === 0 && !/^\s*[{[]/.test(value)) return value
  const [only, ...others] = depth > 0 ? splitDocuments(text) : []
  if (only?.kind === "json" && isDocument(only, text) && others.length === 0) {
    found.push({ from: 0, to: 0, encoding: parts[0]?.encoding ?? "quoted", text })
    return decodeValues(JSON.parse(text), depth - 1, found)
  }
  found.push(...parts.map((part) => ({ ...part, from: 0, to: 0 })))
  return text
}
