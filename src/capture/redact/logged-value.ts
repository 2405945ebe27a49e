import { indexOrEnd, isBlank, isDigit, isLetter, isQuote, runEnd, runStart } from "./character.ts"
import { isObjectName, isSpacedName } from "./secret-name.ts"
import { quotedEnd, REDACTED, type TextName, type TextValue, wordEnd } from "./secret-value.ts"

/** Words between a name and its value in a sentence. */
const LINKS = "is was now set to as value".split(" ")
const MOST_LINKS = 4
/** After these comes a value, or one of the words below. */
const VERBS = ["is", "was"]
const COMMON_WORDS = (
  "a about absent already an at bad by correct different empty for from in incorrect mandatory nil no none not null of " +
  "ok on only optional our part present still the their too true false unique unset until unknown up with wrong your"
).split(" ")
const COMMON_ENDS = ["able", "ed", "ent", "ible", "id", "ing", "less"]
const LONGEST_WORD = 20

/**
 * The secret in a sentence: `password x1`, `psk "x"`, `the token is x`. A plain word after the name is assumed to
 * continue the sentence, as in `password authentication failed`; after `is` only a common one is.
 */
export function loggedValue(text: string, name: TextName): TextValue | undefined {
  let from = runEnd(text, name.to, isSpacedName(name.text) ? isBlankOrSign : isBlank)
  let hasVerb = false
  for (let links = 0; from > name.to && links <= MOST_LINKS; links++) {
    if (isQuote(text.charCodeAt(from))) {
      const quoted = text.slice(from + 1, quotedEnd(text, from))
      const content = quoted.slice(0, indexOrEnd(quoted, "\n", 0))
      const to = from + 1 + content.length
      const isObject = !hasVerb && isObjectName(name.text, content)
      return isObject ? undefined : { kind: "quoted", from: from + 1, to, with: REDACTED }
    }
    from = runEnd(text, from, isOpening)
    const end = wordEnd(text, from)
    const to = runStart(text, end, from, isClosing)
    if (end === from) return undefined
    const word = text.slice(from, to)
    const lower = word.toLowerCase()
    if (!LINKS.includes(lower) && hasLetterOrDigit(word)) {
      const isSentence = hasVerb ? isCommon(word, lower) : isPlain(word, lower) || isObjectName(name.text, word)
      return isSentence || isPathOrAssignment(word) ? undefined : { kind: "word", from, to, with: REDACTED }
    }
    hasVerb ||= VERBS.includes(lower)
    from = runEnd(text, end, isBlank)
  }
  return undefined
}

function isCommon(word: string, lower: string): boolean {
  if (COMMON_WORDS.includes(lower)) return true
  return isPlain(word, lower) && COMMON_ENDS.some((end) => lower.endsWith(end))
}

/** Letters only, all lower case or all upper case except for the first. */
function isPlain(word: string, lower: string): boolean {
  const isOneCase = word.slice(1) === lower.slice(1) || word === word.toUpperCase()
  return isOneCase && word.length <= LONGEST_WORD && runEnd(word, 0, isLetter) === word.length
}

/** A path, a URL or another name with its value: not the value of the name before it. */
function isPathOrAssignment(word: string): boolean {
  const name = runEnd(word, 0, isLetter)
  const isAssignment = name > 0 && word.charAt(name) === "=" && name + 1 < word.length && word.charAt(name + 1) !== "="
  return isAssignment || word.startsWith("/") || word.includes("://")
}

function hasLetterOrDigit(word: string): boolean {
  return runEnd(word, 0, (code) => !isLetter(code) && !isDigit(code)) < word.length
}

function isBlankOrSign(code: number): boolean {
  return isBlank(code) || code === 58 || code === 61
}

/** `(`, `<`, `[`, `{`, a backtick */
function isOpening(code: number): boolean {
  return code === 40 || code === 60 || code === 91 || code === 123 || code === 96
}

/** Punctuation after a word: `.`, `:`, `!`, `?`, `>`, a backtick */
function isClosing(code: number): boolean {
  return code === 46 || code === 58 || code === 33 || code === 63 || code === 62 || code === 96
}
