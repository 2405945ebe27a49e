const NO_BYTES = Buffer.alloc(0)
const NO_INTERNER = -1

/**
 * A text as a range of bytes. Most texts of a million calls are only compared with others, so that no string is made of
 * them. A slice of a line is valid until the next line is read.
 */
export class ByteSlice {
  static of(text: string | undefined): ByteSlice {
    const slice = new ByteSlice()
    slice.set(text)
    return slice
  }

  bytes: Buffer = NO_BYTES
  from = 0
  to = 0
  /** of the bytes, see `addToHash` */
  hash = 0
  /** the number that the interner `internedBy` has assigned; forgotten when the slice changes */
  number = 0
  internedBy = NO_INTERNER

  /** Points to bytes whose hash is known. */
  place(bytes: Buffer, from: number, to: number, hash: number): void {
    this.bytes = bytes
    this.from = from
    this.to = to
    this.hash = hash
    this.internedBy = NO_INTERNER
  }

  clear(): void {
    this.place(NO_BYTES, 0, 0, 0)
  }

  /** Points to any bytes. */
  point(bytes: Buffer, from: number, to: number): void {
    let hash = 0
    for (let at = from; at < to; at++) hash = addToHash(hash, bytes[at] ?? 0)
    this.place(bytes, from, to, hash)
  }

  /** Points to a copy of its bytes; the copy starts with byte `from` of the original. */
  moveTo(copy: Buffer, from: number): void {
    this.bytes = copy
    this.from -= from
    this.to -= from
  }

  set(text: string | undefined): void {
    const bytes = text ? Buffer.from(text) : NO_BYTES
    this.point(bytes, 0, bytes.length)
  }

  /** Undefined if it is empty. */
  text(): string | undefined {
    return this.to > this.from ? this.bytes.toString("utf8", this.from, this.to) : undefined
  }
}

export function addToHash(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0
}

const QUOTE = 34
const BACKSLASH = 92
/** Bytes that stand for themselves in a JSON string. A table look-up is faster than four comparisons. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 32 && byte <= 126 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)

export function isPlain(byte: number): boolean {
  return PLAIN[byte] === 1
}

/** Reads the text up to the next quote; false if it has escapes, is not plain ASCII, or has no closing quote before `to`. */
export function sliceText(bytes: Buffer, from: number, to: number, into: ByteSlice): boolean {
  let hash = 0
  let at = from
  for (; at < to; at++) {
    const byte = bytes[at] ?? 0
    if (!isPlain(byte)) break
    hash = addToHash(hash, byte)
  }
  if (at >= to || bytes[at] !== QUOTE) return false
  into.place(bytes, from, at, hash)
  return true
}
