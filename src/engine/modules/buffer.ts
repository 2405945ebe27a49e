/** Node.js' Buffer, as far as cnitap and its packages use it. */
import * as native from "native"

type BufferEncoding =
  | "utf8"
  | "utf-8"
  | "latin1"
  | "binary"
  | "ascii"
  | "base64"
  | "base64url"
  | "hex"
  | "utf16le"
  | "ucs2"

const DECODERS: Readonly<Record<string, (text: string) => ArrayBuffer>> = {
  utf8: native.utf8Encode,
  "utf-8": native.utf8Encode,
  latin1: native.latin1Encode,
  binary: native.latin1Encode,
  ascii: native.latin1Encode,
  base64: native.base64Decode,
  base64url: native.base64Decode,
  hex: native.hexDecode,
  utf16le: native.utf16Encode,
  ucs2: native.utf16Encode,
}

/** Its typed array holds the bytes; `subarray` makes another Buffer over the same bytes. */
export class Buffer extends Uint8Array {
  static from(value: string | ArrayBuffer | Iterable<number> | ArrayLike<number>, ...rest: unknown[]): Buffer {
    if (typeof value === "string") return new Buffer(bytesOfText(value, rest[0]))
    if (value instanceof ArrayBuffer) return new Buffer(value, ...(rest as [number?, number?]))
    const values = ArrayBuffer.isView(value) ? (value as Uint8Array) : Array.from(value as Iterable<number>)
    const buffer = new Buffer(values.length)
    buffer.set(values)
    return buffer
  }

  static alloc(length: number, fill: number | string = 0): Buffer {
    const buffer = new Buffer(length)
    if (typeof fill === "number") return fill === 0 ? buffer : buffer.fill(fill)
    const bytes = new Uint8Array(bytesOfText(fill, "utf8"))
    for (let at = 0; at < length && bytes.length > 0; at += bytes.length) buffer.set(bytes.subarray(0, length - at), at)
    return buffer
  }

  static allocUnsafe(length: number): Buffer {
    return new Buffer(length)
  }

  static allocUnsafeSlow(length: number): Buffer {
    return new Buffer(length)
  }

  static concat(list: readonly Uint8Array[], totalBytes?: number): Buffer {
    const length = totalBytes ?? list.reduce((sum, bytes) => sum + bytes.length, 0)
    const buffer = new Buffer(length)
    let at = 0
    for (const bytes of list) {
      if (at >= length) break
      buffer.set(at + bytes.length > length ? bytes.subarray(0, length - at) : bytes, at)
      at += bytes.length
    }
    return buffer
  }

  static byteLength(value: string | ArrayBuffer | ArrayBufferView, encoding?: string): number {
    if (typeof value !== "string") return value.byteLength
    if (encoding === undefined || encoding === "utf8") return native.utf8Length(value)
    return bytesOfText(value, encoding).byteLength
  }

  static compare(one: Uint8Array, other: Uint8Array): number {
    return native.compareBytes(one, other)
  }

  static isBuffer(value: unknown): value is Buffer {
    return value instanceof Buffer
  }

  override toString(encoding: BufferEncoding = "utf8", from = 0, to = this.length): string {
    switch (encoding) {
      case "utf8":
      case "utf-8":
        return native.utf8Decode(this, from, to)
      case "latin1":
      case "binary":
        return native.latin1Decode(this, from, to)
      case "hex":
        return native.hexEncode(this, from, to)
      case "base64":
      case "base64url":
        return native.base64Encode(this, from, to, encoding === "base64url")
      case "utf16le":
      case "ucs2":
        return native.utf16Decode(this, from, to)
      default:
        throw new TypeError(`Unknown encoding: ${encoding}`)
    }
  }

  toJSON(): { type: "Buffer"; data: number[] } {
    return { type: "Buffer", data: Array.from(this) }
  }

  equals(other: Uint8Array): boolean {
    return this.length === other.length && native.compareBytes(this, other) === 0
  }

  compare(other: Uint8Array, fromOther = 0, toOther = other.length, from = 0, to = this.length): number {
    return native.compareBytes(this.subarray(from, to), other.subarray(fromOther, toOther))
  }

  override indexOf(wanted: number | string | Uint8Array, from = 0, encoding?: string): number {
    return native.findFirst(this, start(from, this.length), this.length, wantedBytes(wanted, encoding))
  }

  override lastIndexOf(wanted: number | string | Uint8Array, from = this.length - 1, encoding?: string): number {
    const bytes = wantedBytes(wanted, encoding)
    const last = from < 0 ? from + this.length : from
    return native.findLast(this, 0, last + (typeof bytes === "number" ? 1 : bytes.length), bytes)
  }

  override includes(wanted: number | string | Uint8Array, from = 0): boolean {
    return this.indexOf(wanted, from) >= 0
  }

  copy(target: Uint8Array, at = 0, from = 0, to = this.length): number {
    const bytes = this.subarray(from, Math.min(to, from + target.length - at))
    target.set(bytes, at)
    return bytes.length
  }

  write(text: string, at = 0, encoding?: string): number {
    const bytes = new Uint8Array(bytesOfText(text, encoding)).subarray(0, this.length - at)
    this.set(bytes, at)
    return bytes.length
  }

  swap16(): this {
    for (let at = 0; at + 1 < this.length; at += 2) {
      const low = this[at] as number
      this[at] = this[at + 1] as number
      this[at + 1] = low
    }
    return this
  }

  readUInt8(at = 0): number {
    return view(this).getUint8(at)
  }

  readUInt16LE(at = 0): number {
    return view(this).getUint16(at, true)
  }

  readUInt16BE(at = 0): number {
    return view(this).getUint16(at)
  }

  readUInt32LE(at = 0): number {
    return view(this).getUint32(at, true)
  }

  readUInt32BE(at = 0): number {
    return view(this).getUint32(at)
  }

  readInt32LE(at = 0): number {
    return view(this).getInt32(at, true)
  }

  readBigUInt64LE(at = 0): bigint {
    return view(this).getBigUint64(at, true)
  }

  readBigUInt64BE(at = 0): bigint {
    return view(this).getBigUint64(at)
  }

  writeUInt32LE(value: number, at = 0): number {
    view(this).setUint32(at, value, true)
    return at + 4
  }

  writeBigUInt64LE(value: bigint, at = 0): number {
    view(this).setBigUint64(at, value, true)
    return at + 8
  }
}

function bytesOfText(text: string, encoding: unknown): ArrayBuffer {
  const decode = DECODERS[String(encoding ?? "utf8")]
  if (!decode) throw new TypeError(`Unknown encoding: ${encoding}`)
  return decode(text)
}

function wantedBytes(wanted: number | string | Uint8Array, encoding: string | undefined): number | Uint8Array {
  if (typeof wanted === "number") return wanted & 255
  return typeof wanted === "string" ? new Uint8Array(bytesOfText(wanted, encoding)) : wanted
}

function start(from: number, length: number): number {
  return from < 0 ? Math.max(0, from + length) : from
}

function view({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length)
}
