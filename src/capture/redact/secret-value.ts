import { isBlank, isLineEnd, isNameCode, isQuote, isWordCode, runEnd, runStart } from "./character.ts"
import { yamlLines } from "./yaml-lines.ts"

/** Replaces a secret in the record. */
export const REDACTED = "[redacted]"

/** A range to replace, and its replacement. */
export type SecretMatch = { from: number; to: number; with: string }

/** A name in free text. */
export type TextName = { text: string; from: number; to: number }

export type TextValue = SecretMatch & { kind: "quoted" | "container" | "word" | "lines" }

/** The value after a name and a sign, or after a switch: `a=x`, `"a": "x"`, `a := x`, `--a x`. */
export function assignedValue(text: string, name: TextName): TextValue | undefined {
  const quote = quoteAt(text, name.to)
  const gap = runEnd(text, name.to + quote.length, isBlank)
  const sign = text.charAt(gap)
  const isSigned = sign === ":" || sign === "="
  if (!isSigned && !(name.text.startsWith("-") && gap > name.to)) return undefined
  const signed = runEnd(text, gap, isSign)
  const from = runEnd(text, signed, isBlank)
  const opening = text.charCodeAt(from)
  if (isQuote(opening)) return { kind: "quoted", from: from + 1, to: quotedEnd(text, from), with: REDACTED }
  const replacement = quote + REDACTED + quote
  if (opening === 123 || opening === 91)
    return { kind: "container", from, to: containerEnd(text, from), with: replacement }
  if (text.startsWith(GO_MAP, from)) {
    const to = goMapEnd(text, from)
    return to === from ? undefined : { kind: "container", from, to, with: replacement }
  }
  // `PASSWORD=x` may be followed by other variables; `password: x` and `password = x` have a value that may contain blanks.
  const lines = sign === "=" && gap === name.to ? undefined : yamlLines(text, name, from)
  if (lines) return { ...lines, with: REDACTED }
  if (sign === ":" && from > signed && isPathBefore(text, name)) return undefined
  const to = isHeader(name.text) ? runEnd(text, from, (code) => !isLineEnd(code)) : wordEnd(text, from)
  return { kind: "word", from, to, with: replacement }
}

/** The value of a name that is itself a value, as in `name: DB_PASSWORD`, `value: x` and `{Name:DB_PASSWORD Value:x}`. */
export function pairedValue(text: string, name: TextName): TextValue | undefined {
  const gap = name.to + quoteAt(text, name.to).length
  const next = runEnd(text, gap, isSeparator)
  const from = next + quoteAt(text, next).length
  const to = from + "value".length
  if (next === gap || text.slice(from, to).toLowerCase() !== "value") return undefined
  return assignedValue(text, { text: name.text, from, to })
}

/** Position of the quote that closes the string opened there; the end of the text if none does. */
export function quotedEnd(text: string, opening: number): number {
  const quote = text.charAt(opening)
  let at = opening + 1
  for (;;) {
    const found = text.indexOf(quote, at)
    if (found < 0) return text.length
    const slashes = found - runStart(text, found, at, isBackslash)
    // In YAML and shells a quote within single quotes is doubled, or closed and reopened.
    const isDoubled = quote === "'" && found > opening + 1 && text.charAt(found + 1) === quote
    if (slashes % 2 === 0 && !isDoubled) return found
    at = found + (isDoubled ? 2 : 1)
  }
}

/** Position after the bracket that closes the container; strings in it are skipped. */
function containerEnd(text: string, from: number): number {
  let depth = 0
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === 34) at = quotedEnd(text, at)
    else if (code === 123 || code === 91) depth++
    else if ((code === 125 || code === 93) && --depth === 0) return at + 1
    at++
  }
  return text.length
}

const GO_MAP = "map["

/** End of a map as Go prints it: `map[a:x b:y]`, or as source, `map[string]string{"a":"x"}`; its start if it is empty. */
function goMapEnd(text: string, from: number): number {
  const bracket = containerEnd(text, from + GO_MAP.length - 1)
  const type = runEnd(text, bracket, isTypeCode)
  if (text.startsWith("(nil)", type) || text.startsWith("{}", type)) return from
  if (text.charAt(type) === "{") return containerEnd(text, type)
  return bracket === from + "map[]".length ? from : bracket
}

/** A backslash is part of a word unless it escapes a closing quote. */
export function wordEnd(text: string, from: number): number {
  let at = runEnd(text, from, isWordCode)
  while (text.charCodeAt(at) === 92 && !isQuote(text.charCodeAt(at + 1))) at = runEnd(text, at + 2, isWordCode)
  return Math.min(at, text.length)
}

/** `Authorization: Digest username="x", ...` and `Cookie: a=b; c=d` are secret up to the end of the line. */
function isHeader(name: string): boolean {
  const lower = name.toLowerCase()
  return lower.endsWith("authorization") || lower.endsWith("cookie")
}

/** `open /var/run/secrets/token: no such file or directory` */
function isPathBefore(text: string, { from }: TextName): boolean {
  return text.charCodeAt(runStart(text, from, 0, isPathCode)) === 47
}

function quoteAt(text: string, at: number): string {
  return isQuote(text.charCodeAt(at)) ? text.charAt(at) : ""
}

function isPathCode(code: number): boolean {
  return isNameCode(code) || code === 47 || code === 46
}

/** `[]byte`, `*v1.Secret` */
function isTypeCode(code: number): boolean {
  return isPathCode(code) || code === 91 || code === 93 || code === 42
}

function isBackslash(code: number): boolean {
  return code === 92
}

function isSeparator(code: number): boolean {
  return isBlank(code) || isLineEnd(code) || code === 44
}

/** The characters of `:`, `=`, `:=`, `==` and `=>`. */
function isSign(code: number): boolean {
  return code === 58 || code === 61 || code === 62
}
