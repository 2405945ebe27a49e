import { jsonPointers } from "./json-pointers.ts"
import { MARKS } from "./rules/marks.ts"
import { CLASSES, MARK_LIMIT, NOTATION, type SearchText, type TextOpener } from "./text.ts"

/** The searches of a text where no native code does them: in Node.js and in a browser. */
export const SCRIPTED: TextOpener = {
  open: (source) => {
    opened = new ScriptedText(normalized(source))
    return opened
  },
  close: () => {
    opened = new ScriptedText({ text: "" })
  },
  openBytes: (notation, from, to) => new ScriptedText(decoded(opened, notation, from, to)),
  pointers: jsonPointers,
}

/** Units of text; without `starts`, each is one character of the source. */
type Units = { text: string; starts?: number[]; ends?: number[] }

class ScriptedText implements SearchText {
  readonly content: string
  readonly encoded: number[]
  readonly #hits: readonly number[]
  #next = 0
  readonly #starts: number[] | undefined
  readonly #ends: number[] | undefined

  constructor({ text, starts, ends }: Units) {
    this.content = text
    this.#starts = starts
    this.#ends = ends
    this.#hits = hitsOf(text)
    this.encoded = encodedIn(text)
  }

  nextHit(from: number, mark: number): number {
    const wanted = from * MARK_LIMIT + mark
    while ((this.#hits[this.#next] ?? wanted) < wanted) this.#next++
    return this.#hits[this.#next] ?? -1
  }

  runEnd(from: number, of: number): number {
    let at = from
    while (at < this.content.length && isIn(of, this.content.charCodeAt(at))) at++
    return at
  }

  runStart(to: number, notBefore: number, of: number): number {
    let at = to
    while (at > notBefore && isIn(of, this.content.charCodeAt(at - 1))) at--
    return at
  }

  contentEnd(from: number, quote: number, slashes: number): number {
    const text = this.content
    for (let at = from; at < text.length; ) {
      const start = at
      while (text.charCodeAt(at) === BACKSLASH) at++
      if (at < text.length && text.charCodeAt(at) === quote) {
        const count = at - start
        // In YAML and shells a quote within single quotes is doubled, or closed and reopened.
        const isDoubled = quote === SINGLE && at > from && text.charCodeAt(at + 1) === quote
        if (isDoubled) at++
        else if (count < slashes || count % (2 * slashes + 2) === slashes) return at - Math.min(count, slashes)
      }
      at++
    }
    return text.length
  }

  leaves(from: number): number[] {
    const text = this.content
    const found: number[] = []
    let depth = 0
    let slashes = -1
    let at = from
    while (at < text.length) {
      const code = text.charCodeAt(at)
      if (code === BACKSLASH || code === DOUBLE) {
        const quote = runOf(text, at, BACKSLASH)
        if (text.charCodeAt(quote) === DOUBLE) {
          if (slashes < 0) slashes = quote - at
          // The string that this container is in ends here.
          if (quote - at < slashes) break
          const end = this.contentEnd(quote + 1, DOUBLE, slashes)
          at = Math.min(text.length, end + slashes + 1)
          const next = runOfSpace(text, at)
          if (text.charCodeAt(next) !== 58) found.push(1, quote + 1, end)
          continue
        }
      }
      if (code === 123 || code === 91) depth++
      else if (code === 125 || code === 93) {
        if (--depth === 0) return [...found, 2, at + 1, at + 1]
      } else if (code > 32 && code !== 44 && code !== 58) {
        const end = scalarEnd(text, at)
        found.push(0, at, end)
        at = end
        continue
      }
      at++
    }
    return [...found, 2, at, at]
  }

  /** Nothing waits for this search. */
  spend(): void {}

  sourceStart(at: number): number {
    if (!this.#starts) return at
    return this.#starts[at] ?? this.sourceEnd(at)
  }

  sourceEnd(at: number): number {
    if (!this.#ends) return at
    return at === 0 ? (this.#starts?.[0] ?? 0) : (this.#ends[at - 1] ?? 0)
  }
}

const DOUBLE = 34
const SINGLE = 39
const BACKSLASH = 92

const TABLE = Array.from({ length: 128 }, (_, code) =>
  CLASSES.map((characters) => characters.includes(String.fromCharCode(code))),
)

function isIn(of: number, code: number): boolean {
  return TABLE[code]?.[of] === true
}

function runOf(text: string, from: number, code: number): number {
  let at = from
  while (text.charCodeAt(at) === code) at++
  return at
}

function runOfSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 32) at++
  return at
}

function scalarEnd(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && text.charCodeAt(at) > 32 && !',:"{}[]\\'.includes(text.charAt(at))) at++
  return at
}

/** An escape after any number of backslashes, a colour, or a character that is not printable ASCII. */
const SPECIAL = /(\\+)(?:u00([0-9a-fA-F]{2})|x([0-9a-fA-F]{2})|([ntr/]))|[^\n\r\t -~]/g

function normalized(source: string): Units {
  if (!/\\|[^\n\r\t -~]/.test(source)) return { text: source }
  const parts: string[] = []
  const starts: number[] = []
  const ends: number[] = []
  let isSame = true
  let length = 0
  const copy = (from: number, to: number, part: string) => {
    parts.push(part)
    for (let at = 0; at < part.length; at++) {
      // Backslashes before an escaped quote keep their places; the last character represents the rest.
      starts[length] = from + at
      ends[length++] = at === part.length - 1 ? to : from + at + 1
    }
  }
  let from = 0
  for (const match of source.matchAll(SPECIAL)) {
    const [whole, slashes = "", unicode, byte, letter] = match
    const at = match.index
    if (at < from) continue
    copy(from, at, source.slice(from, at))
    from = at + whole.length
    const code = unicode ?? byte
    const character =
      code === undefined ? (LETTERS[letter ?? ""] ?? "\u007f") : String.fromCharCode(Number.parseInt(code, 16))
    if (character === "\u001b" || whole === "\u001b") {
      const colour = /^\[[0-9;]*m/.exec(source.slice(from, from + 24))
      if (colour) {
        from += colour[0].length
        isSame = false
        continue
      }
    }
    if (whole.length > 1) isSame = false
    if (character === '"' || character === "\\") copy(at, from, slashes + character)
    else copy(at, from, /[\n\r\t -~]/.test(character) ? character : "\u007f")
  }
  copy(from, source.length, source.slice(from))
  const text = parts.join("")
  return isSame ? { text } : { text, starts, ends }
}

const LETTERS: Record<string, string> = { n: "\n", t: "\t", r: "\r", "/": "/" }

/**
 * The marks that begin with these two characters in lower case, as `first * 128 + second`. Without holes, because most
 * pairs of a text are looked up in vain.
 */
const MARKS_AT = new Array<number[] | undefined>(128 * 128).fill(undefined)
for (const [index, { literal }] of MARKS.entries()) {
  const lower = literal.toLowerCase()
  const seconds = literal.length > 1 ? [lower.charCodeAt(1)] : Array.from({ length: 128 }, (_, code) => code)
  for (const second of seconds) {
    const at = lower.charCodeAt(0) * 128 + second
    MARKS_AT[at] = [...(MARKS_AT[at] ?? []), index]
  }
}

function hitsOf(text: string): number[] {
  const lower = text.toLowerCase()
  const found: number[] = []
  let second = lower.charCodeAt(0)
  for (let at = 0; at < lower.length; at++) {
    const first = second
    second = at + 1 < lower.length ? lower.charCodeAt(at + 1) : 0
    const marks = MARKS_AT[first * 128 + second]
    if (marks === undefined) continue
    for (const index of marks) {
      const { literal, min, before } = MARKS[index] ?? NO_MARK
      const isHere = (min > 0 ? text : lower).startsWith(literal, at)
      if (isHere && hasTokenAround(text, at, at + literal.length, min, before)) found.push(at * MARK_LIMIT + index)
    }
  }
  return found
}

const NO_MARK = { literal: "", min: 0, before: 0 }

/** Any character that one of the alphabets of tokens has. */
const TOKEN = new RegExp(
  `^[${CLASSES.slice(0, 8)
    .join("")
    .replaceAll(/[^0-9A-Za-z]/g, "\\$&")}]*$`,
)

function hasTokenAround(text: string, from: number, to: number, min: number, before: number): boolean {
  return (
    (min === 0 || (to + Math.min(min, 70) <= text.length && TOKEN.test(text.slice(to, to + Math.min(min, 70))))) &&
    (before === 0 || (from >= before && TOKEN.test(text.slice(from - before, from))))
  )
}

/** Fewer bytes spell no secret. */
const MIN_BYTES = 8
const DECIMAL_LIST = /\[(\d{1,3}(?:[ ,\n\t]+\d{1,3}){7,})/g
const HEX_LIST = /0x[0-9a-fA-F]{1,2}(?:,[ \n\t]*0x[0-9a-fA-F]{1,2}){7,}/g
const HEX = /(?<![0-9A-WYZa-wyz])[0-9a-fA-F]{16,}/g

function encodedIn(text: string): number[] {
  const found: { notation: number; from: number; to: number }[] = []
  for (const [notation, pattern, skip] of [
    [NOTATION.decimal, DECIMAL_LIST, 1],
    [NOTATION.hexList, HEX_LIST, 0],
    [NOTATION.hex, HEX, 0],
  ] as const)
    for (const match of text.matchAll(pattern)) {
      const from = match.index + skip
      const to = match.index + match[0].length
      const spellsText = notation === NOTATION.hex ? isHexText(text, from, to) : isListOfText(text, notation, from, to)
      if (spellsText) found.push({ notation, from, to })
    }
  return found.sort((a, b) => a.from - b.from).flatMap(({ notation, from, to }) => [notation, from, to])
}

/** Most hexadecimal digits are IDs, and one of the first bytes is not text. */
function isHexText(text: string, from: number, to: number): boolean {
  for (let at = from; at + 1 < to; at += 2) {
    const byte = Number.parseInt(text.slice(at, at + 2), 16)
    if (!isTextByte(byte) || byte > 126) return false
  }
  return to - from >= 2 * MIN_BYTES
}

function isListOfText(text: string, notation: number, from: number, to: number): boolean {
  const bytes = elementsOf(text, notation, from, to)
  return bytes.length >= MIN_BYTES && bytes.every(({ byte }) => isTextByte(byte))
}

let opened = new ScriptedText({ text: "" })

type Element = { byte: number; from: number; to: number }

function elementsOf(text: string, notation: number, from: number, to: number): Element[] {
  const pattern = notation === NOTATION.decimal ? /\d+/g : notation === NOTATION.hex ? /../g : /0x[0-9a-fA-F]+/g
  return [...text.slice(from, to).matchAll(pattern)].map((match) => ({
    byte: Number.parseInt(match[0], notation === NOTATION.decimal ? 10 : 16),
    from: from + match.index,
    to: from + match.index + match[0].length,
  }))
}

function isTextByte(byte: number): boolean {
  return (byte >= 32 && byte < 256 && byte !== 127) || byte === 9 || byte === 10 || byte === 13
}

function decoded(outer: ScriptedText, notation: number, from: number, to: number): Units {
  const elements = elementsOf(outer.content, notation, from, to)
  return {
    text: elements.map(({ byte }) => (byte < 127 ? String.fromCharCode(byte) : "\u007f")).join(""),
    starts: elements.map((element) => outer.sourceStart(element.from)),
    ends: elements.map((element) => outer.sourceEnd(element.to)),
  }
}
