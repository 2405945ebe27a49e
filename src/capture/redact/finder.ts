import { REDACTED } from "./redacted.ts"
import { CLASS, type SearchText } from "./text.ts"

/** A range of the source to replace, and its replacement. `within`: where the list or object begins that is secret. */
export type SecretMatch = { from: number; to: number; with: string; within?: number }

const DOUBLE = 34
const SINGLE = 39
/** How far back a quote is looked for that encloses a value, and the start of its line. */
const LINE_BEFORE = 256
const LONGEST_LINE = 4096

/** Cost of finding and replacing a match. */
const MATCH_STEPS = 70

/** A text that is searched, and what has been found in it. */
export class Finder {
  readonly t: SearchText
  readonly text: string
  readonly matches: SecretMatch[] = []
  /** the text is JSON, as far as its beginning shows: values of lists and objects are replaced one by one */
  readonly isDocument: boolean
  /** everything before this position is done */
  doneTo = 0

  constructor(t: SearchText) {
    this.t = t
    this.text = t.content
    const first = t.runEnd(0, CLASS.space)
    this.isDocument =
      this.text.charAt(first) === "{" || this.text.startsWith("[{", first) || this.text.startsWith('["', first)
  }

  /** Replaces a range. What was replaced before is not a secret: a bundle is searched again. */
  add(from: number, to: number, by = REDACTED, within?: number): number {
    if (to > this.doneTo) this.doneTo = to
    if (to <= from || (this.text.startsWith(REDACTED, from) && to <= from + REDACTED.length)) return to
    this.t.spend(MATCH_STEPS)
    const range = { from: this.t.sourceStart(from), to: this.t.sourceEnd(to), with: by }
    this.matches.push(within === undefined ? range : { ...range, within: this.t.sourceStart(within) })
    return to
  }

  /** The quote at this position with the backslashes before it; empty if there is none. */
  quoteAt(at: number): string {
    const { text } = this
    const code = text.charCodeAt(at)
    if (code === DOUBLE || code === SINGLE) return text.charAt(at)
    if (code !== 92) return ""
    const end = this.t.runEnd(at, CLASS.slash)
    const quote = text.charCodeAt(end)
    return quote === DOUBLE || quote === SINGLE ? text.slice(at, end + 1) : ""
  }

  /** How long the quote is that ends before this position, with its backslashes; 0 if there is none. */
  slashesAndQuoteBefore(to: number): number {
    const code = this.text.charCodeAt(to - 1)
    if (code !== DOUBLE && code !== SINGLE) return 0
    return to - this.t.runStart(to - 1, 0, CLASS.slash)
  }

  /** End of the content that this quote opens; `at` is the position of its first backslash. */
  contentEnd(at: number, quote: string): number {
    const last = quote.length - 1
    return this.t.contentEnd(at + last + 1, quote.charCodeAt(last), last)
  }

  /** Position after the container that opens here. */
  containerEnd(at: number): number {
    const leaves = this.t.leaves(at)
    return leaves[leaves.length - 1] ?? this.text.length
  }

  /** End of a value without quotes. A backslash is part of it unless it escapes a quote; so is a comma within `a=b,c`. */
  valueEnd(from: number, mayHoldCommas = false): number {
    const { t, text } = this
    let at = t.runEnd(from, CLASS.value)
    for (let rounds = 0; rounds < 8; rounds++) {
      const code = text.charCodeAt(at)
      if (code === 92 && this.quoteAt(at) === "" && at + 1 < text.length) {
        const after = t.runEnd(at, CLASS.slash)
        at = t.runEnd(after, CLASS.value)
      } else if (code === 44 && mayHoldCommas && at > from) {
        const end = t.runEnd(at + 1, CLASS.value)
        const part = text.slice(at + 1, end)
        if (part === "" || part.includes("=") || part.includes(":")) return at
        at = end
      } else return at
    }
    return at
  }

  /** End of the line, or of the string around this position if that ends before. */
  restEnd(at: number): number {
    const { t, text } = this
    const end = t.runEnd(at, CLASS.line)
    const start = t.runStart(at, Math.max(0, at - LONGEST_LINE), CLASS.line)
    const around = start > 0 ? this.slashesAround(start) : undefined
    if (around !== undefined) return Math.min(end, t.contentEnd(at, DOUBLE, around))
    const before = text.slice(Math.max(start, at - LINE_BEFORE), at)
    const last = Math.max(before.lastIndexOf('"'), before.lastIndexOf("'"))
    if (last < 0) return end
    const from = withoutSlashes(before, last)
    // A quote after a word closes a string.
    if (from > 0 && !" =:([{,".includes(before.charAt(from - 1))) return end
    return Math.min(end, t.contentEnd(at, before.charCodeAt(last), last - from))
  }

  /** Backslashes before the quotes of the string that a line is in: an escaped line break has one more. */
  private slashesAround(line: number): number | undefined {
    const length = this.t.sourceEnd(line) - this.t.sourceStart(line - 1)
    return length > 1 ? length - 2 : undefined
  }

  /** Start of the line, if only indentation and list dashes are before this position. */
  lineStart(at: number): number | undefined {
    const { text } = this
    let from = this.t.runStart(at, 0, CLASS.blank)
    for (let dashes = 0; dashes < 8 && text.charCodeAt(from - 1) === 45; dashes++)
      from = this.t.runStart(from - 1, 0, CLASS.blank)
    return from === 0 || text.charCodeAt(from - 1) === 10 || text.charCodeAt(from - 1) === 13 ? from : undefined
  }
}

function withoutSlashes(text: string, to: number): number {
  let at = to
  while (at > 0 && text.charCodeAt(at - 1) === 92) at--
  return at
}
