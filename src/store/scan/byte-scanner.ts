import { type ByteSlice, sliceText } from "./byte-slice.ts"

const DOT = 46
/** The largest power of ten that a number represents exactly. */
const MAX_EXACT_POWER = 1e22
/**
 * Reads a line in the layout that the relay writes, without allocating. The line is followed by a newline or by nothing,
 * so that no literal, number or text extends beyond it.
 */
export class ByteScanner {
  at = 0
  #bytes: Buffer = Buffer.alloc(0)

  open(bytes: Buffer, at: number): void {
    this.at = at
    this.#bytes = bytes
  }

  /** Moves past the literal if it comes next. */
  skip(literal: Buffer): boolean {
    if (!isAt(this.#bytes, this.at, literal)) return false
    this.at += literal.length
    return true
  }

  /** The same for many bytes. */
  skipLong(literal: Buffer): boolean {
    if (!isLongAt(this.#bytes, this.at, literal)) return false
    this.at += literal.length
    return true
  }

  /** Moves past the next occurrence of the literal before `to`. */
  skipTo(literal: Buffer, to: number): boolean {
    const bytes = this.#bytes
    const first = literal[0]
    for (let at = this.at; at < to; at++) {
      if (bytes[at] !== first || !isAt(bytes, at, literal)) continue
      this.at = at + literal.length
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
