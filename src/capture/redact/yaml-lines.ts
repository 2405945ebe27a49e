import { isBlank, isLineEnd, isQuote, runEnd, runStart } from "./character.ts"

type Place = { from: number; to: number }

/** Longer tags and comments than this are nothing that people write beside a value. */
const LONGEST_ASIDE = 256

/**
 * What a YAML key has for a value where that is more than a word: the block behind `key: |`, the deeper lines behind
 * `key:`, and to the end of its line what people think up, blanks in it. `from`: behind the sign and its blanks.
 */
export function yamlLines(
  text: string,
  name: Place & { text: string },
  from: number,
): (Place & { kind: "lines" | "word" }) | undefined {
  const isQuoted = isQuote(text.charCodeAt(name.from - 1))
  const key = isQuoted ? name.from - 1 : name.from
  const start = lineStart(text, key)
  const header = headerEnd(text, from)
  if (isAtLineEnd(text, header) && (header > from || start !== undefined)) {
    // Not the first of its line, as behind a log's time: deeper than the line is.
    const line = start ?? text.lastIndexOf("\n", key) + 1
    const column = (start === undefined ? runEnd(text, line, isBlank) : key) - line
    const lines = deeperLines(text, header, column, header === from)
    return lines && { kind: "lines", ...lines }
  }
  if (start === undefined || isQuoted || !isThoughtUp(name.text)) return undefined
  const to = lineEnd(text, from)
  // One line alone is a message sooner than YAML: `password: authentication failed`.
  return start > 0 || to + 1 < text.length ? { kind: "word", from, to: withoutComment(text, from, to) } : undefined
}

/** Undefined where more than indentation and the dashes of lists stands before the key. */
function lineStart(text: string, key: number): number | undefined {
  const from = runStart(text, key, 0, (code) => isBlank(code) || code === 45)
  return from === 0 || isLineEnd(text.charCodeAt(from - 1)) ? from : undefined
}

/** Behind `|`, `>-2` and the like, a tag and an anchor before it included; `from` where there is none. */
function headerEnd(text: string, from: number): number {
  const at = asideEnd(text, asideEnd(text, from))
  if (text.charAt(at) !== "|" && text.charAt(at) !== ">") return from
  return runEnd(text, at + 1, (code) => code === 43 || code === 45 || (code >= 48 && code <= 57))
}

function asideEnd(text: string, from: number): number {
  if (text.charAt(from) !== "!" && text.charAt(from) !== "&") return from
  const aside = text.slice(from, from + LONGEST_ASIDE)
  return runEnd(text, from + runEnd(aside, 0, (code) => code > 32), isBlank)
}

function isAtLineEnd(text: string, from: number): boolean {
  const at = runEnd(text, from, isBlank)
  if (text.charAt(at) !== "#") return at === text.length || isLineEnd(text.charCodeAt(at))
  const aside = text.slice(at, at + LONGEST_ASIDE)
  return aside.includes("\n") || at + aside.length === text.length
}

/** The lines behind this one that are indented further than the column; items of a list may stand in it. */
function deeperLines(text: string, from: number, column: number, mayBeItems: boolean): Place | undefined {
  let place: Place | undefined
  for (let line = text.indexOf("\n", from) + 1; line > 0 && line < text.length; line = text.indexOf("\n", line) + 1) {
    const content = runEnd(text, line, isBlank)
    const to = lineEnd(text, content)
    if (to === content) continue
    const depth = content - line
    const isItem = mayBeItems && depth === column && text.startsWith("- ", content)
    if (depth <= column && !isItem) break
    place = { from: place?.from ?? content, to }
  }
  return place
}

function lineEnd(text: string, from: number): number {
  return runEnd(text, from, (code) => !isLineEnd(code))
}

function withoutComment(text: string, from: number, to: number): number {
  const comment = text.slice(from, to).indexOf(" #")
  return runStart(text, comment < 0 ? to : from + comment, from, isBlank)
}

function isThoughtUp(name: string): boolean {
  const lower = name.toLowerCase()
  return ["passw", "passphrase", "secret", "psk"].some((part) => lower.includes(part))
}
