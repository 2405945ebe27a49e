import { splitDocuments } from "../result/document.ts"
import { utf8Text } from "./bytes.ts"
import type { DecodedPart } from "./decode.ts"

/** Strings as Go's %q, logrus and JSON quote them, where a bracket and an escape are inside. */
export function findQuoted(line: string): DecodedPart[] {
  const found: DecodedPart[] = []
  for (let from = line.indexOf('"'); from >= 0; from = line.indexOf('"', STRING.lastIndex)) {
    STRING.lastIndex = from
    const [string] = STRING.exec(line) ?? []
    // Where one is never closed, those that begin further on are not either.
    if (string === undefined) break
    const inside = string.slice(1, -1)
    if (!/[{[]/.test(inside) || !inside.includes("\\")) continue
    found.push({ from, to: from + string.length, encoding: "quoted", text: withoutEscapes(inside).text })
  }
  return found
}

const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y

/** Each costs as much as the rest of the line is long. */
const MOST_FAILURES = 16

/** `{\"cniVersion\":\"1.0.0\"}` and `{\x22cniVersion\x22:...}` without quotes around, as far as the document goes. */
export function findEscaped(line: string): DecodedPart[] {
  const found: DecodedPart[] = []
  let failures = 0
  for (const { index } of line.matchAll(/[{[]\s*\\+(?:"|x22|u0022|042)/g)) {
    if (index < (found.at(-1)?.to ?? 0)) continue
    const { text, ends } = withoutEscapes(line.slice(index))
    const [piece] = splitDocuments(text)
    if (!piece || piece.kind === "text" || piece.from > 0) {
      if (++failures === MOST_FAILURES) break
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

/** The text without one level of escapes; `ends`: by character, where in the escaped text it ends. */
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

/** `c3\xa9` are the two bytes of one letter. */
function bytesText(digits: string): string {
  const bytes = digits.split(/\\x/i).map((pair) => Number.parseInt(pair, 16))
  return utf8Text(bytes) ?? String.fromCharCode(...bytes)
}

const LETTERS: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", a: "\u0007" }
