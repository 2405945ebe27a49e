import type { Finder } from "./finder.ts"
import { loggedValue } from "./logged-value.ts"
import type { NameKind } from "./name-kind.ts"
import { isFileName, isLetters, isOrdinary, isPlain, isRemark, isTypeName } from "./ordinary-value.ts"
import { REDACTED } from "./redacted.ts"
import { CLASS } from "./text.ts"
import { yamlLines } from "./yaml-lines.ts"

/** A name in a text. */
export type TextName = { text: string; from: number; to: number; kind: NameKind; isSpaced?: boolean }

const COLON = 58
const EQUALS = 61

/** Replaces the value after a name: `a=x`, `"a": "x"`, `a := x`, `--a x`, `<a>x</a>`, and in sentences. */
export function replaceNamed(f: Finder, name: TextName): void {
  const { t, text } = f
  const quote = f.quoteAt(name.to)
  // `open "/run/token": no such file`
  if (quote !== "" && text.charCodeAt(name.from - 1) === 47) return
  let after = name.to + quote.length
  if (text.startsWith("]=", after) || text.startsWith("] =", after)) after++
  const gap = t.runEnd(after, CLASS.blank)
  const sign = text.charCodeAt(gap)
  if (sign === 62 && text.charCodeAt(name.from - 1) === 60) replaceElement(f, name, gap + 1)
  else if (sign === COLON || sign === EQUALS) replaceAssigned(f, name, quote, gap)
  else if (name.text.startsWith("-") && quote !== "" && sign === 44) replaceNext(f, name, gap)
  else if (name.text.startsWith("-") && gap > after) replaceArgument(f, name, gap)
  else if (quote === "") loggedValue(f, name)
}

/** `<password>x</password>` */
function replaceElement(f: Finder, name: TextName, from: number): void {
  const end = f.text.indexOf("<", from)
  if (end > from && !isOrdinary(name.kind, f.text.slice(from, end), false)) f.add(from, end)
}

/** The item after a switch in a list: `["--token","x"]` */
function replaceNext(f: Finder, name: TextName, comma: number): void {
  const from = f.t.runEnd(comma + 1, CLASS.space)
  const quote = f.quoteAt(from)
  if (quote !== "" && f.text.charAt(from + quote.length) !== "-") replaceQuoted(f, name, from, quote)
}

/** The argument after a switch: `--token x` */
function replaceArgument(f: Finder, name: TextName, from: number): void {
  const { text } = f
  const quote = f.quoteAt(from)
  if (quote !== "") {
    replaceQuoted(f, name, from, quote)
    return
  }
  const to = f.valueEnd(from)
  const word = text.slice(from, to)
  if ("[-<|".includes(word.charAt(0)) || isTypeName(word) || isOrdinary(name.kind, word, false)) return
  f.add(from, to)
}

function replaceQuoted(f: Finder, name: TextName, at: number, quote: string): void {
  const from = at + quote.length
  const to = f.contentEnd(at, quote)
  if (isOrdinary(name.kind, f.text.slice(from, Math.min(to, from + 300)), false)) return
  f.add(from, to)
}

function replaceAssigned(f: Finder, name: TextName, keyQuote: string, gap: number): void {
  const { t, text } = f
  const signed = t.runEnd(gap, CLASS.sign)
  const from = t.runEnd(signed, CLASS.blank)
  const quote = f.quoteAt(from)
  if (quote !== "") {
    // No value before the quote that closes the string around the name: `"a: ", "b"`.
    if (!isClosing(f, name, from, quote)) replaceQuoted(f, name, from, quote)
    return
  }
  if (text.startsWith("{{", from)) return
  const by = keyQuote + REDACTED + keyQuote
  const container = containerAt(f, from)
  if (container) {
    replaceContainer(f, name, keyQuote, from, container)
    return
  }
  const isColon = text.charCodeAt(gap) === COLON
  if (keyQuote === "" || isColon) {
    const lines = isColon || gap > name.to ? yamlLines(f, name, from) : undefined
    if (lines) {
      if (name.kind !== "object" && name.kind !== "reference" && name.kind !== "location") f.add(lines.from, lines.to)
      return
    }
  }
  if (isColon && isHeader(name.text) && keyQuote === "") {
    const to = f.restEnd(from)
    if (!isOrdinary("weak", text.slice(from, to), true) && !isRemark(firstWord(text, from, to))) f.add(from, to)
    return
  }
  const to = withoutParameters(text, from, f.valueEnd(from, !isColon))
  const value = text.slice(from, Math.min(to, from + 300))
  if (to === from || isLiteral(value)) return
  if (keyQuote === "" && isColon && from > signed && isMessage(f, name, from, to)) return
  if (isOrdinary(name.kind, value, keyQuote === "")) return
  f.add(from, to, by)
}

/** The value of a parameter of a URL ends before the next one: `?token=x&page=2`. */
function withoutParameters(text: string, from: number, to: number): number {
  const value = text.slice(from, to)
  const ampersand = value.indexOf("&")
  return ampersand > 0 && value.includes("=", ampersand) ? from + ampersand : to
}

/** Whether this quote ends the string that contains the name, so that no value follows. */
function isClosing(f: Finder, name: TextName, at: number, quote: string): boolean {
  const next = f.text.charCodeAt(at + quote.length)
  const isAtEnd = next === 44 || next === 125 || next === 93 || Number.isNaN(next) || next === 10
  if (!isAtEnd) return false
  // `token=""`: an empty value, or `"token="`.
  const end = f.contentEnd(at, quote)
  return end >= f.text.length || f.text.slice(name.to, at).includes(" ")
}

/** A list or an object, also as Go prints them: `map[a:x]`, `&{A:x}`, `map[string]string{"a":"x"}`, `[]byte{1}`. */
function containerAt(f: Finder, from: number): { at: number; to: number } | undefined {
  const { t, text } = f
  let at = from
  if (text.startsWith("map[", at)) at += 3
  else if (text.charAt(at) === "&" || text.charAt(at) === "*") at++
  const code = text.charCodeAt(at)
  if (code !== 123 && code !== 91) return undefined
  const to = f.containerEnd(at)
  // Go writes the type before the values.
  const type = t.runEnd(to, CLASS.path)
  const nested = text.charAt(type) === "[" ? t.runEnd(f.containerEnd(type), CLASS.path) : type
  if (code === 91 && nested > to && text.charAt(nested) === "{") return { at: nested, to: f.containerEnd(nested) }
  if (code === 91 && text.startsWith("(nil)", nested)) return { at, to: at }
  return { at, to }
}

/** More values than these are replaced together. */
const MOST_LEAVES = 256

function replaceContainer(
  f: Finder,
  name: TextName,
  keyQuote: string,
  from: number,
  container: { at: number; to: number },
): void {
  const { t, text } = f
  if (container.to <= container.at + 2 || name.kind === "object") return
  const leaves = t.leaves(container.at)
  if (name.kind === "reference" && areReferences(f, leaves)) return
  if (keyQuote !== "" && f.isDocument && leaves.length / 3 <= MOST_LEAVES)
    replaceLeaves(f, leaves, keyQuote, container.at)
  else if (text.slice(from, container.to) !== REDACTED) f.add(from, container.to, keyQuote + REDACTED + keyQuote)
  f.doneTo = Math.max(f.doneTo, container.to)
}

/** `within`: where the list or object begins. */
export function replaceLeaves(f: Finder, leaves: readonly number[], quote: string, within: number): void {
  for (let at = 0; at + 3 < leaves.length; at += 3) {
    const from = leaves[at + 1] ?? 0
    const to = leaves[at + 2] ?? 0
    if (leaves[at] === 1) f.add(from, to, REDACTED, within)
    else if (!isLiteral(f.text.slice(from, to))) f.add(from, to, quote + REDACTED + quote, within)
  }
}

function areReferences(f: Finder, leaves: readonly number[]): boolean {
  for (let at = 0; at + 3 < leaves.length; at += 3)
    if (leaves[at] !== 1 || !isOrdinary("reference", f.text.slice(leaves[at + 1], leaves[at + 2]), false)) return false
  return f.text.charAt((leaves[1] ?? 0) - 2) !== "["
}

/** A switch such as `"tokenAuth": true` is not secret, and it helps an engineer. */
function isLiteral(value: string): boolean {
  return value === "true" || value === "false" || value === "null"
}

/** `Authorization: Digest username="x", ...` and `Cookie: a=b; c=d` are secret up to the end of the line. */
function isHeader(name: string): boolean {
  const lower = name.toLowerCase()
  return lower.endsWith("authorization") || lower.endsWith("cookie")
}

/**
 * After a colon and a blank: whether the text goes on with what is wrong with the secret (`token: permission denied`,
 * `/run/token: no such file`), or with the next field of a Go value without one (`Token: Mtu:1500`).
 */
function isMessage(f: Finder, name: TextName, from: number, to: number): boolean {
  const { t, text } = f
  const value = text.slice(from, to)
  if (isField(value) || value.includes("://")) return true
  if (text.charCodeAt(t.runStart(name.from, Math.max(0, name.from - 256), CLASS.name)) === 47) return true
  if (text.charCodeAt(t.runStart(name.from, Math.max(0, name.from - 256), CLASS.name) - 1) === 47) return true
  const word = value.replace(":", "")
  if (isFileName(value)) return true
  const isAlone = t.runEnd(to, CLASS.blank) >= t.runEnd(to, CLASS.line)
  if (isRemark(word)) return !isAlone || f.lineStart(name.from) === undefined || word.length > 3
  if (name.kind === "weak" && isLetters(word)) return true
  if (!isPlain(word)) return false
  const next = t.runEnd(to, CLASS.blank)
  if (next === to) return false
  const following = firstWord(text, next, f.valueEnd(next))
  return f.lineStart(name.from) === undefined ? isPlain(following) : isRemark(following)
}

/** `Mtu:`, `Mtu:1500` */
function isField(value: string): boolean {
  const colon = value.indexOf(":")
  const first = value.charCodeAt(0)
  return colon > 0 && first >= 65 && first <= 90 && isPlain(value.slice(0, colon)) && value.charAt(colon + 1) !== "/"
}

function firstWord(text: string, from: number, to: number): string {
  const rest = text.slice(from, Math.min(to, from + 40))
  const blank = rest.indexOf(" ")
  return blank < 0 ? rest : rest.slice(0, blank)
}
