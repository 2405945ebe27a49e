const QUOTE = 34
const BACKSLASH = 92
const DOT = 46
const TEXTS = 512
/** of ten, that a number holds exactly */
const LARGEST_POWER = 1e22

/** Reads a line of which it is known how the relay wrote it, byte by byte: nothing is made that is not kept. */
export class Cursor {
  at = 0
  #line: Buffer = Buffer.alloc(0)
  /** The same few texts come in every line: by a hash of their bytes, the last one that had it. */
  readonly #texts: { bytes: Buffer; text: string }[] = []

  open(line: Buffer, at: number): void {
    this.#line = line
    this.at = at
  }

  /** Goes past these bytes where they come next. */
  skip(bytes: Buffer): boolean {
    if (!isAt(this.#line, this.at, bytes)) return false
    this.at += bytes.length
    return true
  }

  /** Digits, and more of them after a dot; NaN where there are none. */
  number(): number {
    const line = this.#line
    const from = this.at
    let [value, scale, at] = [0, 0, from]
    for (; at < line.length; at++) {
      const digit = (line[at] ?? 0) - 48
      if (digit >= 0 && digit <= 9) {
        value = value * 10 + digit
        scale *= 10
      } else if (line[at] === DOT && scale === 0 && at > from) scale = 1
      else break
    }
    this.at = at
    if (at === from) return Number.NaN
    // Both are exact up to here, so that their quotient is the number that the digits mean.
    const isExact = value <= Number.MAX_SAFE_INTEGER && scale <= LARGEST_POWER
    return isExact ? value / (scale || 1) : Number(line.toString("latin1", from, at))
  }

  /** A text up to its quote; undefined where it has escapes or is not plain ASCII. */
  text(): string | undefined {
    const line = this.#line
    const from = this.at
    let hash = 0
    let at = from
    for (; at < line.length && line[at] !== QUOTE; at++) {
      const byte = line[at] ?? 0
      if (byte < 32 || byte > 126 || byte === BACKSLASH) return undefined
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    this.at = at + 1
    const slot = hash & (TEXTS - 1)
    const known = this.#texts[slot]
    if (known?.bytes.length === at - from && isAt(line, from, known.bytes)) return known.text
    const text = line.toString("latin1", from, at)
    this.#texts[slot] = { bytes: Buffer.from(text, "latin1"), text }
    return text
  }

  /** A text that hardly comes again, and is not empty. */
  id(): string | undefined {
    const line = this.#line
    const from = this.at
    let at = from
    for (; at < line.length && line[at] !== QUOTE; at++) {
      const byte = line[at] ?? 0
      if (byte < 33 || byte > 126 || byte === BACKSLASH) return undefined
    }
    if (at === from) return undefined
    this.at = at + 1
    return line.toString("latin1", from, at)
  }
}

/** For few bytes faster than a call of Buffer's own. */
export function isAt(line: Buffer, at: number, bytes: Buffer): boolean {
  if (at + bytes.length > line.length) return false
  for (let index = 0; index < bytes.length; index++) if (line[at + index] !== bytes[index]) return false
  return true
}
