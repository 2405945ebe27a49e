import { isBlank, isLineEnd, isQuote, runEnd, runStart } from "./character.ts"

type TextRange = { from: number; to: number }

/** Longer than any tag or comment that people write next to a value. */
const MAX_ASIDE_LENGTH = 256

/**
 * The value of a YAML key if it is more than one word: the block after `key: |`, the more deeply indented lines after
 * `key:`, or the rest of the line for a passphrase, which may contain blanks. `from`: after the sign and its blanks.
 */
export function yamlLines(
  text: string,
  name: TextRange & { text: string },
  from: number,
): (TextRange & { kind: "lines" | "word" }) | undefined {
  const isQuoted = isQuote(text.charCodeAt(name.from - 1))
  const key = isQuoted ? name.from - 1 : name.from
  const start = lineStart(text, key)
  const header = headerEnd(text, from)
  if (isAtLineEnd(text, header) && (header > from || start !== undefined)) {
    // The key is not the first word of its line, for example after a timestamp: compare with the line's indentation.
    const line = start ?? text.lastIndexOf("\n", key) + 1
    const column = (start === undefined ? runEnd(text, line, isBlank) : key) - line
    const lines = deeperLines(text, header, column, header === from)
    return lines && { kind: "lines", ...lines }
  }
  if (start === undefined || isQuoted || !mayContainBlanks(name.text)) return undefined
  const to = lineEnd(text, from)
  // A single line is more likely a message than YAML: `password: authentication failed`.
  return start > 0 || to + 1 < text.length ? { kind: "word", from, to: withoutComment(text, from, to) } : undefined
}

/** Undefined if anything but indentation and list dashes precedes the key. */
function lineStart(text: string, key: number): number | undefined {
  const from = runStart(text, key, 0, (code) => isBlank(code) || code === 45)
  return from === 0 || isLineEnd(text.charCodeAt(from - 1)) ? from : undefined
}

/** Position after a block header (`|`, `>-2`), including a tag and an anchor before it; `from` if there is none. */
function headerEnd(text: string, from: number): number {
  const at = asideEnd(text, asideEnd(text, from))
  if (text.charAt(at) !== "|" && text.charAt(at) !== ">") return from
  return runEnd(text, at + 1, (code) => code === 43 || code === 45 || (code >= 48 && code <= 57))
}

function asideEnd(text: string, from: number): number {
  if (text.charAt(from) !== "!" && text.charAt(from) !== "&") return from
  const aside = text.slice(from, from + MAX_ASIDE_LENGTH)
  return runEnd(text, from + runEnd(aside, 0, (code) => code > 32), isBlank)
}

function isAtLineEnd(text: string, from: number): boolean {
  const at = runEnd(text, from, isBlank)
  if (text.charAt(at) !== "#") return at === text.length || isLineEnd(text.charCodeAt(at))
  const aside = text.slice(at, at + MAX_ASIDE_LENGTH)
  return aside.includes("\n") || at + aside.length === text.length
}

/** The lines after this one that are indented further than the column; list items may start in the column. */
function deeperLines(text: string, from: number, column: number, allowItems: boolean): TextRange | undefined {
  let range: TextRange | undefined
  for (let line = text.indexOf("\n", from) + 1; line > 0 && line < text.length; line = text.indexOf("\n", line) + 1) {
    const content = runEnd(text, line, isBlank)
    const to = lineEnd(text, content)
    if (to === content) continue
    const depth = content - line
    const isItem = allowItems && depth === column && text.startsWith("- ", content)
    if (depth <= column && !isItem) break
    range = { from: range?.from ?? content, to }
  }
  return range
}

function lineEnd(text: string, from: number): number {
  return runEnd(text, from, (code) => !isLineEnd(code))
}

function withoutComment(text: string, from: number, to: number): number {
  const comment = text.slice(from, to).indexOf(" #")
  return runStart(text, comment < 0 ? to : from + comment, from, isBlank)
}

function mayContainBlanks(name: string): boolean {
  const lower = name.toLowerCase()
  return ["passw", "passphrase", "secret", "psk"].some((part) => lower.includes(part))
}
