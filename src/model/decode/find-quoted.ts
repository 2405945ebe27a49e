import { splitDocuments } from "../result/document.ts"
import { utf8Text } from "./bytes.ts"
import type { DecodedPart } from "./decode.ts"

/** Strings quoted by Go's %q, logrus, klog or JSON that contain an escape and a bracket, a quote or a line break. */
export function findQuoted(line: string): DecodedPart[] {
  const found: DecodedPart[] = []
  for (let from = line.indexOf('"'); from >= 0; from = line.indexOf('"', STRING.lastIndex)) {
    STRING.lastIndex = from
    const [string] = STRING.exec(line) ?? []
    // If a string is never closed, no later one is.
    if (string === undefined) break
    const inside = string.slice(1, -1)
    if (!/[{[]|\\["n]/.test(inside) || !inside.includes("\\")) continue
    found.push({ from, to: from + string.length, encoding: "quoted", text: withoutEscapes(inside).text })
  }
  return found
}

/**
 * Whether a quoted string is an error message that is hard to read: quoted several times, or the value of `err=` or `msg=`
 * with several lines. In a part that is decoded already (`isUnquoted`), any quotes in quotes are removed.
 */
export function isQuotedMessage(line: string, part: DecodedPart, { isUnquoted }: { isUnquoted: boolean }): boolean {
  const before = line.slice(Math.max(0, part.from - 20), part.from)
  // A value of a JSON document that was truncated.
  if (/":\s?$/.test(before)) return false
  if (line.slice(part.from, part.to).includes(isUnquoted ? '\\"' : '\\\\\\"')) return true
  if (!part.text.trim().includes("\n")) return false
  return isUnquoted || MESSAGE_KEY.test(before)
}

const MESSAGE_KEY = /\b(?:err|error|msg|message|reason|stderr|stdout)=$/i

const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y

/** Each failed attempt scans the rest of the line. */
const MAX_FAILURES = 16

/** `{\"cniVersion\":\"1.0.0\"}` and `{\x22cniVersion\x22:...}` without enclosing quotes, up to the end of the document. */
export function findEscaped(line: string): DecodedPart[] {
  const found: DecodedPart[] = []
  let failures = 0
  for (const { index } of line.matchAll(/[{[]\s*\\+(?:"|x22|u0022|042)/g)) {
    if (index < (found.at(-1)?.to ?? 0)) continue
    const { text, ends } = withoutEscapes(line.slice(index))
    const [piece] = splitDocuments(text)
    if (!piece || piece.kind === "text" || piece.from > 0) {
      if (++failures === MAX_FAILURES) break
      continue
    }
    const to = index + (ends[piece.to - 1] ?? line.length - index)
    found.push({
      from: index,
      to,
      encoding: "escaped",
      text: text.slice(0, piece.to),
      ...(piece.kind === "broken" ? { isTruncated: true } : {}),
    })
  }
  return found
}

/** Removes one level of escapes. `ends`: for each character, where it ends in the escaped text. */
function withoutEscapes(escaped: string): { text: string; ends: number[] } {
  const ends: number[] = []
  const text: string[] = []
  for (const match of escaped.matchAll(ESCAPE)) {
    const [whole, bytes, unicode, octal, letter] = match
    const character = bytes
      ? bytesText(bytes)
      : unicode
        ? String.fromCharCode(Number.parseInt(unicode, 16))
        : octal
          ? String.fromCharCode(Number.parseInt(octal, 8))
          : letter
            ? (LETTERS[letter] ?? letter)
            : whole
    for (const unit of character.split("")) {
      text.push(unit)
      ends.push(match.index + whole.length)
    }
  }
  return { text: text.join(""), ends }
}

const ESCAPE = /\\(?:x([0-9a-f]{2}(?:\\x[0-9a-f]{2})*)|u([0-9a-f]{4})|([0-7]{3})|(.))|[^\\]|\\$/gis

/** `c3\xa9` are two bytes of one character. */
function bytesText(digits: string): string {
  const bytes = digits.split(/\\x/i).map((pair) => Number.parseInt(pair, 16))
  return utf8Text(bytes) ?? String.fromCharCode(...bytes)
}

const LETTERS: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", a: "\u0007" }
