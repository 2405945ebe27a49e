import type { Finder } from "./finder.ts"
import type { TextName } from "./named-value.ts"
import { isRemark } from "./ordinary-value.ts"
import { CLASS } from "./text.ts"

type TextRange = { from: number; to: number }

/**
 * The value of a YAML key if it is more than one word: the block after `key: |`, the more deeply indented lines after
 * `key:`, or the rest of the line for a passphrase, which may contain blanks. `from`: after the sign and its blanks.
 */
export function yamlLines(f: Finder, name: TextName, from: number): TextRange | undefined {
  const { text } = f
  const isQuoted = f.quoteAt(name.to) !== ""
  const key = isQuoted ? name.from - 1 : name.from
  // The first line of a string has no indentation before it.
  const start = f.lineStart(key) ?? (isQuoted ? undefined : stringStart(f, key))
  const header = headerEnd(f, from)
  if (isAtLineEnd(f, header) && (header > from || start !== undefined || isListBelow(f, header))) {
    // The key is not the first word of its line, for example after a timestamp: compare with the line's indentation.
    const line = start ?? indentedFrom(f, key)
    const column = (start === undefined ? f.t.runEnd(line, CLASS.blank) : key) - line
    return deeperLines(f, header, column, header === from)
  }
  if (start === undefined || isQuoted || !mayContainBlanks(name.text)) return undefined
  const to = f.restEnd(from)
  // A single line is more likely a message than YAML: `password: authentication failed`.
  if (start === 0 && to + 1 >= text.length) return undefined
  const content = text.slice(from, to)
  const comment = content.indexOf(" #")
  const value = comment < 0 ? content : content.slice(0, comment)
  const blank = value.indexOf(" ")
  if (blank < 0 || isRemark(value.slice(0, blank)) || value.includes('"') || value.includes("=")) return undefined
  return { from, to: from + value.trimEnd().length }
}

/** Start of the line, or of the string that begins in it. */
function indentedFrom(f: Finder, at: number): number {
  const line = f.t.runStart(at, Math.max(0, at - LONGEST_LINE), CLASS.line)
  return line + f.text.slice(line, at).lastIndexOf('"') + 1
}

const LONGEST_LINE = 1024

/** Where the string starts, if only list dashes are before this position. */
function stringStart(f: Finder, at: number): number | undefined {
  let from = at
  for (let dashes = 0; dashes < 8 && f.text.startsWith("- ", from - 2); dashes++) from -= 2
  return f.slashesAndQuoteBefore(from) > 0 ? from : undefined
}

/** Position after a block header (`|`, `>-2`), including a tag and an anchor before it; `from` if there is none. */
function headerEnd(f: Finder, from: number): number {
  const { text } = f
  let at = from
  for (let aside = 0; aside < 2 && (text.charAt(at) === "!" || text.charAt(at) === "&"); aside++)
    at = f.t.runEnd(f.t.runEnd(at, CLASS.value), CLASS.blank)
  if (text.charAt(at) !== "|" && text.charAt(at) !== ">") return from
  at++
  while ("+-0123456789".includes(text.charAt(at)) && at < text.length) at++
  return at
}

function isAtLineEnd(f: Finder, from: number): boolean {
  const at = f.t.runEnd(from, CLASS.blank)
  const code = f.text.charCodeAt(at)
  return code === 35 || code === 10 || code === 13 || (at === f.text.length && at > from)
}

function isListBelow(f: Finder, from: number): boolean {
  const line = f.t.runEnd(from, CLASS.line) + 1
  return f.text.startsWith("- ", f.t.runEnd(line, CLASS.blank))
}

/** Longer than any block: a pod cannot make the search slow with many short lines. */
const MOST_LINES = 200

/** The lines after this one that are indented further than the column; list items may start in the column. */
export function deeperLines(f: Finder, from: number, column: number, allowItems: boolean): TextRange | undefined {
  const { t, text } = f
  let range: TextRange | undefined
  let line = text.indexOf("\n", from) + 1
  for (let count = 0; line > 0 && line < text.length; count++, line = text.indexOf("\n", line) + 1) {
    if (count === MOST_LINES) return range && { from: range.from, to: text.length }
    const content = t.runEnd(line, CLASS.blank)
    const to = t.runEnd(content, CLASS.line)
    if (to === content) continue
    const depth = content - line
    const isItem = allowItems && depth === column && text.startsWith("- ", content)
    if (depth <= column && !isItem) break
    range = { from: range?.from ?? content, to: Math.max(content, f.restEnd(content)) }
  }
  return range
}

function mayContainBlanks(name: string): boolean {
  const lower = name.toLowerCase()
  return ["passw", "passphrase", "secret", "psk"].some((part) => lower.includes(part))
}
