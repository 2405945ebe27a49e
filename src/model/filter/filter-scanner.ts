import type { Operator, Place } from "./filter.ts"
import { type Expectation, FilterFailure } from "./filter-failure.ts"

/** A position in the text of a filter. `isAfterWord`: a word to search for came directly before. */
export type FilterScanner = { text: string; at: number; nowMs: number; nested: number; isAfterWord: boolean }

export const WORD = /[^\s()=!~<>,"']+/y
export const VALUE = /[^\s()=!~<>,"']+/y
/** Must end with a slash before a space, a bracket, a comma or the end, so that `/var/run` is a plain text. */
export const REGEX = /\/(?:[^/\\]|\\.|\/(?![imsu]*(?:[\s),]|$)))+\/[imsu]*(?=[\s),]|$)/y

const KEYWORDS = ["and", "or", "not"]

export function isKeyword(word: string): boolean {
  return KEYWORDS.includes(word.toLowerCase())
}

export function takeKeyword(scanner: FilterScanner, keyword: string): boolean {
  const isTaken = take(scanner, keywordPattern(keyword)) !== undefined
  if (isTaken) scanner.isAfterWord = false
  return isTaken
}

export function keywordPattern(keyword: string): RegExp {
  return new RegExp(`${keyword}(?=[\\s()"']|$)`, "iy")
}

export function takeOperator(scanner: FilterScanner): { sign: Operator; isList: boolean } | undefined {
  const sign = take(scanner, /==|!=|!~|>=|<=|=|~|>|</y)
  if (sign) return { sign: sign === "==" ? "=" : (sign as Operator), isList: false }
  const list = take(scanner, /(?:not\s+)?in(?=[\s(]|$)/iy)
  return list === undefined ? undefined : { sign: /^not/i.test(list) ? "!=" : "=", isList: true }
}

export function takeQuoted(scanner: FilterScanner): string | undefined {
  const from = scanner.at
  const quote = scanner.text[from]
  if (quote !== '"' && quote !== "'") return undefined
  const quoted = take(scanner, quote === '"' ? /"(?:[^"\\]|\\.)*"/sy : /'(?:[^'\\]|\\.)*'/sy)
  if (quoted === undefined) {
    const place = { column: from + 1, length: scanner.text.length - from }
    throw new FilterFailure({ message: "the quote is not closed", expected: [quote], ...place }, { kind: "none" })
  }
  return quoted.slice(1, -1).replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character)
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t" }

export function take(scanner: FilterScanner, pattern: RegExp): string | undefined {
  pattern.lastIndex = scanner.at
  const [found] = pattern.exec(scanner.text) ?? []
  if (found === undefined) return undefined
  scanner.at += found.length
  skipBlanks(scanner)
  return found
}

/** Whether the pattern matches at the parser's position. */
export function sees({ text, at }: FilterScanner, pattern: RegExp): boolean {
  pattern.lastIndex = at
  return pattern.test(text)
}

export function skipBlanks(scanner: FilterScanner): void {
  const blanks = /\s*/y
  blanks.lastIndex = scanner.at
  scanner.at += blanks.exec(scanner.text)?.[0].length ?? 0
}

export function placeFrom(scanner: FilterScanner, from: number): Place {
  return { column: from + 1, length: Math.max(1, scanner.text.slice(from, scanner.at).trimEnd().length) }
}

/** An error about the word at `from`, by default the scanner's position, or just after the end of the text. */
export function fail(
  scanner: FilterScanner,
  message: string,
  expected: string[],
  expectation: Expectation,
  from = scanner.at,
): FilterFailure {
  const isEnd = from >= scanner.text.length
  const column = (isEnd ? scanner.text.trimEnd().length : from) + 1
  const length = isEnd ? 1 : (/^(?:[^\s()=!~<>,"']+|[=!~<>&|]+|.)/su.exec(scanner.text.slice(from))?.[0].length ?? 1)
  return new FilterFailure({ message, expected, column, length }, expectation)
}
