const NO_BYTES = Buffer.alloc(0)
const NO_LIST = -1

/** A text where it stands: of a million calls most texts are compared with others and never read by anybody. */
export class ByteSlice {
  static of(text: string | undefined): ByteSlice {
    const span = new ByteSlice()
    span.set(text)
    return span
  }

  bytes: Buffer = NO_BYTES
  from = 0
  to = 0
  /** as `hashed` makes it, byte by byte */
  hash = 0
  /** its number in the list that has this name; other lists, and whoever fills it anew, forget it */
  number = 0
  list = NO_LIST

  place(bytes: Buffer, from: number, to: number, hash: number): void {
    this.bytes = bytes
    this.from = from
    this.to = to
    this.hash = hash
    this.list = NO_LIST
  }

  /** To where the bytes from `from` on were copied. */
  moveTo(copy: Buffer, from: number): void {
    this.bytes = copy
    this.from -= from
    this.to -= from
  }

  /** A text that was read in another way. */
  set(text: string | undefined): void {
    const bytes = text ? Buffer.from(text) : NO_BYTES
    let hash = 0
    for (const byte of bytes) hash = hashed(hash, byte)
    this.place(bytes, 0, bytes.length, hash)
  }

  /** Undefined where it is empty. */
  text(): string | undefined {
    return this.to > this.from ? this.bytes.toString("utf8", this.from, this.to) : undefined
  }
}

export function hashed(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0
}

const QUOTE = 34
const BACKSLASH = 92
/** Of each byte, whether it means itself in a JSON string: looked up faster than compared with four others. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 32 && byte <= 126 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)

export function isPlain(byte: number): boolean {
  return PLAIN[byte] === 1
}

/** The text up to the next quote; false where it has escapes, is not plain ASCII, or where no quote comes before `to`. */
export function plainText(bytes: Buffer, from: number, to: number, into: ByteSlice): boolean {
  let hash = 0
  let at = from
  for (; at < to; at++) {
    const byte = bytes[at] ?? 0
    if (!isPlain(byte)) break
    hash = hashed(hash, byte)
  }
  if (at >= to || bytes[at] !== QUOTE) return false
  into.place(bytes, from, at, hash)
  return true
}
