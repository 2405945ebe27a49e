import { type ByteSlice, sliceText } from "./byte-slice.ts"

const DOT = 46
/** The largest power of ten that a number represents exactly. */
const MAX_EXACT_POWER = 1e22
/** From this length on, a call of Buffer.compare is faster than comparing here. */
const LONG_BYTES = 64

/** Bytes to compare with, four at a time: the scan spends most of its time comparing. */
export class Literal {
  static readonly MIN_BYTES = 4
  readonly bytes: Buffer
  readonly words: Int32Array
  /** the last four bytes, which may overlap the words before */
  readonly last: number

  /** At least `MIN_BYTES`. */
  constructor(text: string | Buffer) {
    this.bytes = Buffer.from(text)
    const words = Math.floor((this.bytes.length - 1) / 4)
    this.words = Int32Array.from({ length: words }, (_, word) => this.bytes.readInt32LE(4 * word))
    this.last = this.bytes.readInt32LE(this.bytes.length - 4)
  }
}

/**
 * Reads a line in the layout that the relay writes, without allocating. The line is followed by a newline or by nothing,
 * so that no literal, number or text extends beyond it.
 */
export class ByteScanner {
  at = 0
  #bytes: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(new ArrayBuffer(0))

  open(bytes: Buffer, at: number): void {
    this.at = at
    if (this.#bytes === bytes) return
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  isAt(at: number, { bytes, words, last }: Literal): boolean {
    const end = at + bytes.length
    const view = this.#view
    if (at < 0 || end > view.byteLength || view.getInt32(end - 4, true) !== last) return false
    if (bytes.length > LONG_BYTES) return this.#bytes.compare(bytes, 0, bytes.length, at, end) === 0
    for (let word = 0; word < words.length; word++) if (view.getInt32(at + 4 * word, true) !== words[word]) return false
    return true
  }

  /** Moves past the literal if it comes next. */
  skip(literal: Literal): boolean {
    if (!this.isAt(this.at, literal)) return false
    this.at += literal.bytes.length
    return true
  }

  /** Moves past the next occurrence of the literal before `to`. */
  skipTo(literal: Literal, to: number): boolean {
    const bytes = this.#bytes
    const first = literal.bytes[0]
    for (let at = this.at; at < to; at++) {
      if (bytes[at] !== first || !this.isAt(at, literal)) continue
      this.at = at + literal.bytes.length
      return true
    }
    return false
  }

  /** Moves past digits and dots; false if there are none. */
  skipNumber(): boolean {
    const bytes = this.#bytes
    const from = this.at
    for (let byte = bytes[this.at] ?? 0; (byte >= 48 && byte <= 57) || byte === DOT; byte = bytes[this.at] ?? 0)
      this.at++
    return this.at > from
  }

  /** Reads digits with an optional fraction; NaN if there are none. */
  number(): number {
    const bytes = this.#bytes
    const from = this.at
    let [value, scale, at] = [0, 0, from]
    for (; at < bytes.length; at++) {
      const digit = (bytes[at] ?? 0) - 48
      if (digit >= 0 && digit <= 9) {
        value = value * 10 + digit
        scale *= 10
      } else if (bytes[at] === DOT && scale === 0 && at > from) scale = 1
      else break
    }
    this.at = at
    if (at === from) return Number.NaN
    // If both are exact, their quotient is the correctly rounded value of the digits.
    const isExact = value <= Number.MAX_SAFE_INTEGER && scale <= MAX_EXACT_POWER
    return isExact ? value / (scale || 1) : Number(bytes.toString("latin1", from, at))
  }

  /** Reads a text and moves past its closing quote; false if it has escapes or is not plain ASCII. */
  text(into: ByteSlice): boolean {
    if (!sliceText(this.#bytes, this.at, this.#bytes.length, into)) return false
    this.at = into.to + 1
    return true
  }
}

/** For a few bytes: faster than a call of Buffer.compare. */
export function isAt(bytes: Buffer, at: number, expected: Buffer): boolean {
  if (at + expected.length > bytes.length) return false
  for (let index = 0; index < expected.length; index++) if (bytes[at + index] !== expected[index]) return false
  return true
}

/** For many bytes, which usually differ in the last one already. */
export function isLongAt(bytes: Buffer, at: number, expected: Buffer): boolean {
  const end = at + expected.length
  return (
    end <= bytes.length &&
    bytes[end - 1] === expected[expected.length - 1] &&
    bytes.compare(expected, 0, expected.length, at, end) === 0
  )
}
