import { isReference, isSecretName, NAME_PARTS, PRIVATE_PARTS } from "./secret-name.ts"

/** What stands in the record where a secret stood. */
export const REDACTED = "[redacted]"

/** A range to replace, and by what. */
export type Find = { from: number; to: number; with: string }

/**
 * Secrets in free text, or in the inside of a JSON string (`isLiteral`), which may itself hold escaped JSON: by their
 * shape, and by the name before a value, as in `token=x`, `--token x`, `"token": "x"` and `\"token\":{...}`. Linear
 * in the size of the text, whatever stands in it: a plugin's output may hold what a pod's author wrote.
 */
export function findInText(text: string, isLiteral: boolean): Find[] {
  const finds: Find[] = []
  const lower = asciiLower(text)
  const add = (from: number, to: number, replacement = REDACTED) => {
    if (to > from) finds.push({ from, to, with: replacement })
    return to
  }
  findShapes(text, lower, add)
  for (const part of NAME_PARTS) {
    forEach(lower, part, (at, searchedTo) => {
      const from = runStart(text, at, searchedTo, isNameCode)
      const to = runEnd(text, at, isNameCode)
      const name = text.slice(from, to)
      return isSecretName(name) ? addValue(text, to, name, isLiteral, add) : to
    })
  }
  for (const part of PRIVATE_PARTS) {
    forEach(lower, part, (at) => addValue(text, at + part.length, "", isLiteral, add))
  }
  forEach(lower, "labels", (at) => {
    const value = valueAfter(text, at + "labels".length, "", isLiteral)
    return value?.kind === "container" ? add(value.from, value.to, value.with) : at
  })
  return finds
}

type Add = (from: number, to: number, replacement?: string) => number

/** Secrets that tell by themselves what they are. */
function findShapes(text: string, lower: string, add: Add): void {
  // {"... in base64: a JWT's header, or a whole cached configuration
  forEach(text, "eyJ", (at) => atLeast(20, at, runEnd(text, at, isBase64), add))
  // -----BEGIN in base64: certificate and key data of a kubeconfig
  forEach(text, "LS0tLS1", (at) => add(at, runEnd(text, at, isBase64)))
  // a whole kubeconfig in base64: `apiVersion: ` or `kind: Config` comes first
  for (const start of ["YXBpVmVyc2lvbj", "a2luZDogQ29uZmln"])
    forEach(text, start, (at) => add(at, runEnd(text, at, isBase64)))
  forEach(text, "AKIA", (at) => atLeast(20, at, runEnd(text, at, isBase64), add))
  let pemEnd = 0
  forEach(text, "PRIVATE KEY-----", (at) => {
    const from = at + "PRIVATE KEY-----".length
    if (!text.slice(Math.max(0, at - 30), at).includes("BEGIN")) return from
    if (pemEnd >= 0 && pemEnd < from) pemEnd = text.indexOf("-----END", from)
    return add(from, pemEnd < 0 ? before(text, '"', from) : pemEnd)
  })
  for (const scheme of ["bearer ", "basic "]) {
    forEach(lower, scheme, (at) => atLeast(8, at + scheme.length, runEnd(text, at + scheme.length, isWordOfValue), add))
  }
  for (const sign of ["://", ":\\/\\/"]) {
    forEach(text, sign, (at) => {
      const from = at + sign.length
      const to = runEnd(text, from, isAuthority)
      const userinfo = text.slice(from, to).lastIndexOf("@")
      const colon = text.slice(from, to).indexOf(":")
      if (userinfo > 0) add(from + (colon >= 0 && colon < userinfo ? colon + 1 : 0), from + userinfo)
      return to
    })
  }
}

function addValue(text: string, nameTo: number, name: string, isLiteral: boolean, add: Add): number {
  const value = valueAfter(text, nameTo, name, isLiteral)
  if (!value) return nameTo
  const content = text.slice(value.from, value.to)
  if (value.kind === "word" && isPlainLiteral(content)) return value.to
  if (value.kind !== "container" && isReference(name, content)) return value.to
  return add(value.from, value.to, value.with)
}

/** A switch such as `"tokenAuth": true` tells nothing and says much. */
export function isPlainLiteral(literal: string): boolean {
  return literal === "true" || literal === "false" || literal === "null"
}

type Value = Find & { kind: "quoted" | "container" | "word" }

/** The value that a name's end is followed by, if it is followed by one. */
function valueAfter(text: string, nameTo: number, name: string, isLiteral: boolean): Value | undefined {
  const slashes = runEnd(text, nameTo, isBackslash) - nameTo
  const isQuoted = isQuote(text.charCodeAt(nameTo + slashes))
  const delimiter = isQuoted ? text.slice(nameTo, nameTo + slashes + 1) : ""
  const gap = runEnd(text, nameTo + delimiter.length, isBlank)
  const isSigned = text.charCodeAt(gap) === 58 || text.charCodeAt(gap) === 61
  if (!isSigned && !(name.startsWith("-") && gap > nameTo)) return undefined
  const from = runEnd(text, runEnd(text, gap, isSign), isBlank)
  const level = runEnd(text, from, isBackslash) - from
  const opening = text.charCodeAt(from + level)
  if (isQuote(opening)) {
    const start = from + level + 1
    return { kind: "quoted", from: start, to: quotedEnd(text, start, level, text.charAt(from + level)), with: REDACTED }
  }
  if (opening === 123 || opening === 91) {
    const to = containerEnd(text, from, isQuoted ? slashes : isLiteral ? 1 : 0)
    return { kind: "container", from, to, with: delimiter + REDACTED + delimiter }
  }
  const to = isHeader(name) ? lineEnd(text, from, isLiteral) : wordEnd(text, from, isLiteral)
  return { kind: "word", from, to, with: delimiter + REDACTED + delimiter }
}

/** `Authorization: Digest username="x", ...` and `Cookie: a=b; c=d` are secrets to the end of their line. */
function isHeader(name: string): boolean {
  const lower = name.toLowerCase()
  return lower.endsWith("authorization") || lower.endsWith("cookie")
}

/**
 * Before the delimiter that closes a string whose own delimiter is that quote after `level` backslashes. Each level
 * of escaping doubles backslashes and adds one before a quote: an escaped quote of the content has 2 * level + 1.
 */
function quotedEnd(text: string, from: number, level: number, quote: string): number {
  let at = from
  for (;;) {
    const found = text.indexOf(quote, at)
    if (found < 0) return text.length
    let slashes = 0
    while (found - slashes > at && text.charCodeAt(found - slashes - 1) === 92) slashes++
    if (slashes % (2 * level + 2) !== 2 * level + 1) return found - Math.min(level, slashes)
    at = found + 1
  }
}

/** After the bracket that closes the container; strings in it are hopped over. */
function containerEnd(text: string, from: number, level: number): number {
  let depth = 0
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === 34) at = quotedEnd(text, at + 1, level, '"') + level
    else if (code === 123 || code === 91) depth++
    else if ((code === 125 || code === 93) && --depth === 0) return at + 1
    at++
  }
  return text.length
}

/** In a JSON string an escaped line end, tab or quote closes a word; in plain text a backslash is part of it. */
function wordEnd(text: string, from: number, isLiteral: boolean): number {
  return literalEnd(text, runEnd(text, from, isWordOfValue), isLiteral, isWordOfValue)
}

function lineEnd(text: string, from: number, isLiteral: boolean): number {
  const isOfLine = (code: number) => code !== 10 && code !== 13 && code !== 92 && !(isLiteral && code === 34)
  return literalEnd(text, runEnd(text, from, isOfLine), isLiteral, isOfLine)
}

function literalEnd(text: string, from: number, isLiteral: boolean, belongs: (code: number) => boolean): number {
  let at = from
  while (text.charCodeAt(at) === 92) {
    if (isLiteral && '"nrt'.includes(text.charAt(at + 1))) return at
    at = runEnd(text, at + 2, belongs)
  }
  return Math.min(at, text.length)
}

/** Only U+0130 grows when it is made small: positions in the result are positions in the text. */
export function asciiLower(text: string): string {
  return text.replaceAll("\u0130", "I").toLowerCase()
}

/** Calls for each place the needle stands at; `found` returns where to search on, which is never before its end. */
function forEach(text: string, needle: string, found: (at: number, searchedTo: number) => number): void {
  let searchedTo = 0
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, searchedTo))
    searchedTo = Math.max(found(at, searchedTo), at + needle.length)
}

function atLeast(count: number, from: number, to: number, add: Add): number {
  return to - from >= count ? add(from, to) : to
}

function before(text: string, needle: string, from: number): number {
  const at = text.indexOf(needle, from)
  return at < 0 ? text.length : at
}

function runEnd(text: string, from: number, belongs: (code: number) => boolean): number {
  let at = from
  while (at < text.length && belongs(text.charCodeAt(at))) at++
  return at
}

function runStart(text: string, from: number, notBefore: number, belongs: (code: number) => boolean): number {
  let at = from
  while (at > notBefore && belongs(text.charCodeAt(at - 1))) at--
  return at
}

function isBackslash(code: number): boolean {
  return code === 92
}

function isQuote(code: number): boolean {
  return code === 34 || code === 39
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}

/** `:`, `=`, and what `:=`, `==` and `=>` are made of. */
function isSign(code: number): boolean {
  return code === 58 || code === 61 || code === 62
}

function isNameCode(code: number): boolean {
  return (
    (code >= 48 && code <= 57) ||
    (code >= 65 && code <= 90) ||
    (code >= 97 && code <= 122) ||
    code === 95 ||
    code === 45
  )
}

function isBase64(code: number): boolean {
  return isNameCode(code) || code === 43 || code === 47 || code === 61 || code === 46
}

/** Ends at white space, quotes, a backslash (an escaped quote) and the punctuation that closes a value. */
function isWordOfValue(code: number): boolean {
  return (
    code > 32 &&
    code !== 34 &&
    code !== 39 &&
    code !== 92 &&
    code !== 44 &&
    code !== 59 &&
    code !== 125 &&
    code !== 93 &&
    code !== 41
  )
}

/** What may stand between `://` and the path of a URL (RFC 3986 section 3.2), and some that may not. */
function isAuthority(code: number): boolean {
  return (
    code > 32 && code !== 34 && code !== 47 && code !== 63 && code !== 35 && code !== 60 && code !== 62 && code !== 92
  )
}
