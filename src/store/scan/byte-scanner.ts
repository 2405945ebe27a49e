import { type ByteSlice, plainText } from "./byte-slice.ts"

const DOT = 46
/** of ten, that a number holds exactly */
const LARGEST_POWER = 1e22
/** From so many bytes on a call of Buffer's own is faster than comparing here. */
const LONG_BYTES = 64

/** Bytes that a line is compared with, four at a time: that is what most of its reading is. */
export class Literal {
  static readonly LEAST_BYTES = 4
  readonly bytes: Buffer
  readonly words: Int32Array
  /** the last four, which may overlap the words before */
  readonly last: number

  /** Of `LEAST_BYTES` at least. */
  constructor(text: string | Buffer) {
    this.bytes = Buffer.from(text)
    const words = Math.floor((this.bytes.length - 1) / 4)
    this.words = Int32Array.from({ length: words }, (_, word) => this.bytes.readInt32LE(4 * word))
    this.last = this.bytes.readInt32LE(this.bytes.length - 4)
  }
}

/**
 * Reads a line of which it is known how the relay wrote it: nothing is made that is not kept. A newline follows the
 * line, or nothing, so that no mark, number or text goes beyond it.
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

  /** Whether these bytes stand there. */
  isAt(at: number, { bytes, words, last }: Literal): boolean {
    const end = at + bytes.length
    const view = this.#view
    if (at < 0 || end > view.byteLength || view.getInt32(end - 4, true) !== last) return false
    if (bytes.length > LONG_BYTES) return this.#bytes.compare(bytes, 0, bytes.length, at, end) === 0
    for (let word = 0; word < words.length; word++) if (view.getInt32(at + 4 * word, true) !== words[word]) return false
    return true
  }

  /** Goes past these bytes where they come next. */
  skip(mark: Literal): boolean {
    if (!this.isAt(this.at, mark)) return false
    this.at += mark.bytes.length
    return true
  }

  /** Goes past the next place before `to` where this mark stands. */
  skipTo(mark: Literal, to: number): boolean {
    const bytes = this.#bytes
    const first = mark.bytes[0]
    for (let at = this.at; at < to; at++) {
      if (bytes[at] !== first || !this.isAt(at, mark)) continue
      this.at = at + mark.bytes.length
      return true
    }
    return false
  }

  /** Goes past digits and dots; false where there are none. */
  skipNumber(): boolean {
    const bytes = this.#bytes
    const from = this.at
    for (let byte = bytes[this.at] ?? 0; (byte >= 48 && byte <= 57) || byte === DOT; byte = bytes[this.at] ?? 0)
      this.at++
    return this.at > from
  }

  /** Digits, and more of them after a dot; NaN where there are none. */
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
    // Both are exact up to here, so that their quotient is the number that the digits mean.
    const isExact = value <= Number.MAX_SAFE_INTEGER && scale <= LARGEST_POWER
    return isExact ? value / (scale || 1) : Number(bytes.toString("latin1", from, at))
  }

  /** Goes past a text and its quote. False where it has escapes or is not plain ASCII. */
  text(into: ByteSlice): boolean {
    if (!plainText(this.#bytes, this.at, this.#bytes.length, into)) return false
    this.at = into.to + 1
    return true
  }
}

/** For few bytes faster than a call of Buffer's own. */
export function isAt(bytes: Buffer, at: number, mark: Buffer): boolean {
  if (at + mark.length > bytes.length) return false
  for (let index = 0; index < mark.length; index++) if (bytes[at + index] !== mark[index]) return false
  return true
}

/** For many bytes, which as a rule differ in the last one already. */
export function isLongAt(bytes: Buffer, at: number, known: Buffer): boolean {
  const end = at + known.length
  return (
    end <= bytes.length &&
    bytes[end - 1] === known[known.length - 1] &&
    bytes.compare(known, 0, known.length, at, end) === 0
  )
}
