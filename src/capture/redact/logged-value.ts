import type { Finder } from "./finder.ts"
import type { TextName } from "./named-value.ts"
import { hasLetterOrDigit, isFileName, isObjectName, isOrdinary, isPath, isPlain, isRemark } from "./ordinary-value.ts"
import { CLASS } from "./text.ts"

/** Words between a name and its value in a sentence. */
const LINKS: Record<string, true> = {
  is: true,
  was: true,
  now: true,
  set: true,
  to: true,
  as: true,
  value: true,
  "->": true,
}
const MOST_LINKS = 4
/** Cost of reading on in a sentence, without that of finding its words. */
const SENTENCE_STEPS = 50
/** Brackets and punctuation around a value. */
const MOST_SIGNS = 8
const OPENING = "(<[{`"
const CLOSING = ".:!?>`)"

/**
 * The secret in a sentence: `password x1`, `psk "x"`, `the token is x`. A plain word after the name is assumed to
 * continue the sentence, as in `password authentication failed`; after `is` only a common one is.
 */
export function loggedValue(f: Finder, name: TextName): void {
  const { t, text } = f
  t.spend(SENTENCE_STEPS)
  if (text.slice(Math.max(0, name.from - 11), name.from).toLowerCase() === "unexpected ") return
  let from = t.runEnd(name.to, CLASS.blank)
  let hasVerb = false
  for (let links = 0; from > name.to && links <= MOST_LINKS; links++) {
    const quote = f.quoteAt(from)
    if (quote !== "") {
      replaceQuoted(f, name, from, quote, hasVerb)
      return
    }
    for (let signs = 0; signs < MOST_SIGNS && from < text.length && OPENING.includes(text.charAt(from)); signs++) from++
    const end = f.valueEnd(from)
    let to = end
    for (let signs = 0; signs < MOST_SIGNS && to > from && CLOSING.includes(text.charAt(to - 1)); signs++) to--
    if (to === from && end === from) return
    const word = text.slice(from, Math.min(to, from + 300))
    const lower = word.toLowerCase()
    if (!LINKS[lower] && hasLetterOrDigit(word)) {
      if (!isSentence(name, word, hasVerb)) f.add(from, to)
      return
    }
    hasVerb ||= lower === "is" || lower === "was"
    from = t.runEnd(end, CLASS.blank)
    if (from === end) return
  }
}

function replaceQuoted(f: Finder, name: TextName, at: number, quote: string, hasVerb: boolean): void {
  const from = at + quote.length
  const content = f.text.slice(from, f.contentEnd(at, quote))
  const line = content.indexOf("\n")
  const value = line < 0 ? content : content.slice(0, line)
  const isName = !hasVerb && isAboutObject(name) && isObjectName(value)
  if (isName || name.kind !== "secret" || !hasLetterOrDigit(value) || isOrdinary(name.kind, value, false)) return
  f.add(from, from + value.length)
}

function isSentence(name: TextName, word: string, hasVerb: boolean): boolean {
  if (hasVerb ? isRemark(word) : isPlain(word) || isRemark(word)) return true
  if (isAboutObject(name) && isObjectName(word)) return true
  if (name.kind === "reference" || name.kind === "location" || name.kind === "object") return true
  if (name.kind === "weak" && (hasVerb || !isCommunity(name.text))) return true
  return isPathOrAssignment(word) || isFileName(word) || isOrdinary(name.kind, word, true)
}

/** `secret` is more often followed by the name of a Kubernetes object than by a secret. */
function isAboutObject(name: TextName): boolean {
  const lower = name.text.toLowerCase()
  return !name.isSpaced && (lower.endsWith("secret") || lower.endsWith("secrets") || lower.endsWith("tokens"))
}

function isCommunity(name: string): boolean {
  return name.toLowerCase().endsWith("community")
}

/** A path, a URL or another name with its value: not the value of the name before it. */
function isPathOrAssignment(word: string): boolean {
  const sign = word.indexOf("=")
  const isAssignment =
    sign > 0 && sign + 1 < word.length && word.charAt(sign + 1) !== "=" && isPlain(word.slice(0, sign))
  return isAssignment || isPath(word) || word.charAt(0) === "/" || word.includes("://") || word.charAt(0) === "-"
}
