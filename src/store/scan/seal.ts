import { crc32 } from "node:zlib"
import { ByteScanner, Literal } from "./byte-scanner.ts"

const SEAL = new Literal(',"seal":{"sizeBytes":')
const CRC = new Literal(',"crc32":"')
const HEX_DIGITS = 8
const SEAL_END = '"}}'

/** Lines of a buffer: from where to where, and where what their seal covers ends; -1 where it does not fit that. */
export type Lines = { count: number; from: Int32Array; to: Int32Array; sealedEnd: Int32Array }

/** Where what the seal of a line covers ends; -1 where it does not fit it. */
export function sealedEnd(bytes: Buffer, from: number, to: number): number {
  const end = coveredEnd(bytes, from, to)
  return end >= 0 && crcOf(bytes, from, end) === toldCrc ? end : -1
}

/**
 * `sealedEnd` of lines that follow each other with nothing but newlines between them and up to `to`. To call zlib for
 * each line takes longer than all else that is done with it. What is whole has the checksum that its seal tells: of
 * these the checksum of all lines is put together, and compared with that of all their bytes.
 */
export function checkSeals(bytes: Buffer, to: number, lines: Lines): void {
  const start = lines.count > 0 ? (lines.from[0] ?? 0) : to
  if (toldCrcOf(bytes, to, lines) === crcOf(bytes, start, to)) return
  for (let line = 0; line < lines.count; line++)
    lines.sealedEnd[line] = sealedEnd(bytes, lines.from[line] ?? 0, lines.to[line] ?? 0)
}

/** The checksum that all lines together have if each is what its seal tells. Sets `sealedEnd` as the seals tell it. */
export function toldCrcOf(bytes: Buffer, to: number, lines: Lines): number {
  if (ZEROS[1] === 0) fillZeros()
  let crc = 0
  let at = lines.count > 0 ? (lines.from[0] ?? 0) : to
  for (let line = 0; line < lines.count; line++) {
    const [lineFrom = 0, lineTo = 0] = [lines.from[line], lines.to[line]]
    const end = coveredEnd(bytes, lineFrom, lineTo)
    lines.sealedEnd[line] = end
    for (; at < lineFrom; at++) crc = withByte(crc, bytes[at] ?? 0)
    crc =
      end < 0
        ? shifted(crc, lineTo - lineFrom) ^ crcOf(bytes, lineFrom, lineTo)
        : withSealed(crc, end - lineFrom, lineTo - end, toldCrc)
    at = lineTo
  }
  for (; at < to; at++) crc = withByte(crc, bytes[at] ?? 0)
  return crc >>> 0
}

const cursor = new ByteScanner()
/** What the seal that `coveredEnd` looked at last tells. */
let toldCrc = 0

/** As the seal tells it; -1 where there is no seal. */
function coveredEnd(bytes: Buffer, from: number, to: number): number {
  cursor.open(bytes, to)
  const hexAt = to - SEAL_END.length - HEX_DIGITS
  const crcAt = hexAt - CRC.bytes.length
  if (crcAt < from || !isSealEnd(bytes, to) || !cursor.isAt(crcAt, CRC)) return -1
  let sizeAt = crcAt
  let sizeBytes = 0
  for (let weight = 1; isDigit(bytes[sizeAt - 1]); weight *= 10) sizeBytes += weight * ((bytes[--sizeAt] ?? 0) - 48)
  const end = from + sizeBytes
  if (bytes[sizeAt] === 48 || sizeAt - SEAL.bytes.length !== end || !cursor.isAt(end, SEAL)) return -1
  return readHex(bytes, hexAt) ? end : -1
}

function isSealEnd(bytes: Buffer, to: number): boolean {
  return bytes[to - 1] === BRACE && bytes[to - 2] === BRACE && bytes[to - 3] === QUOTE
}

const BRACE = 125
const QUOTE = 34

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57
}

/** Eight digits, small letters, into `toldCrc`; false where they are none. */
function readHex(bytes: Buffer, from: number): boolean {
  toldCrc = 0
  for (let at = from; at < from + HEX_DIGITS; at++) {
    const digit = DIGITS[bytes[at] ?? 0] ?? NO_DIGIT
    if (digit === NO_DIGIT) return false
    toldCrc = (toldCrc << 4) | digit
  }
  toldCrc >>>= 0
  return true
}

const HEX = Buffer.from("0123456789abcdef")
const NO_DIGIT = 255
const DIGITS = new Uint8Array(256).fill(NO_DIGIT)
for (const [digit, letter] of HEX.entries()) DIGITS[letter] = digit

function crcOf(bytes: Buffer, from: number, to: number): number {
  // A Buffer's own subarray takes longer than this.
  return crc32(new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from))
}

/*
 * CRC-32 is linear: of A followed by B it is that of A, moved on by B's length, exclusive or that of B (zlib's
 * crc32_combine). `ZEROS` holds for 1, 2, 4 and so on zero bytes what they make of a checksum, a table for each of its
 * four bytes.
 */
const TABLE = 4 * 256
const POWERS = 31
const POLYNOMIAL = 0xedb88320
const ZEROS = new Int32Array(POWERS * TABLE)

/** Takes milliseconds, which a reader that finds an index, and so checks no seal, does not spend. */
function fillZeros(): void {
  for (let at = 0; at < 256; at++) {
    let crc = at
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    ZEROS[at] = crc
    for (const byte of [1, 2, 3]) ZEROS[256 * byte + at] = at << (8 * (byte - 1))
  }
  for (let at = TABLE; at < ZEROS.length; at++) ZEROS[at] = moved(ZEROS[at - TABLE] ?? 0, at - (at % TABLE) - TABLE)
}

function moved(crc: number, table: number): number {
  return (
    (ZEROS[table + (crc & 255)] ?? 0) ^
    (ZEROS[table + 256 + ((crc >>> 8) & 255)] ?? 0) ^
    (ZEROS[table + 512 + ((crc >>> 16) & 255)] ?? 0) ^
    (ZEROS[table + 768 + (crc >>> 24)] ?? 0)
  )
}

/** Moved on by so many bytes. */
function shifted(crc: number, sizeBytes: number): number {
  let moving = crc
  for (let [rest, table] = [sizeBytes, 0]; rest > 0; rest >>>= 1, table += TABLE)
    if (rest & 1) moving = moved(moving, table)
  return moving
}

function withByte(crc: number, byte: number): number {
  return ~((ZEROS[(~crc ^ byte) & 255] ?? 0) ^ (~crc >>> 8))
}

/** With a line that is sealed, of which `bodyCrc` is what the seal tells of its first `bodyBytes`. */
function withSealed(crc: number, bodyBytes: number, sealBytes: number, bodyCrc: number): number {
  const digits = digitsOf(sealBytes)
  let all = shifted(crc, bodyBytes + sealBytes) ^ emptySealCrc(bodyBytes)
  for (let digit = 0; digit < HEX_DIGITS; digit++) all ^= digits[16 * digit + ((bodyCrc >>> (4 * digit)) & 15)] ?? 0
  return all
}

/** By size of the body: there are few, and they come again. */
const emptySeals = new Map<number, number>()
const MOST_EMPTY_SEALS = 65_536

/** Of the seal of so many bytes if their checksum were 00000000. */
function emptySealCrc(bodyBytes: number): number {
  const known = emptySeals.get(bodyBytes)
  if (known !== undefined) return known
  const crc = crc32(`${SEAL.bytes}${bodyBytes}${CRC.bytes}${"0".repeat(HEX_DIGITS)}${SEAL_END}`)
  if (emptySeals.size >= MOST_EMPTY_SEALS) emptySeals.clear()
  emptySeals.set(bodyBytes, crc)
  return crc
}

/** By size of the seal, for each digit of a checksum and each value that it may have. */
const digitTables = new Map<number, Int32Array>()

/** What the digit makes of the seal, and, as it is part of the body's checksum, of what the seal moves on. */
function digitsOf(sealBytes: number): Int32Array {
  const known = digitTables.get(sealBytes)
  if (known) return known
  const table = new Int32Array(HEX_DIGITS * 16)
  for (let digit = 0; digit < HEX_DIGITS; digit++) {
    for (let value = 0; value < 16; value++) {
      const letter = (HEX[value] ?? 0) ^ (HEX[0] ?? 0)
      const inSeal = shifted(ZEROS[letter] ?? 0, digit + SEAL_END.length)
      table[16 * digit + value] = inSeal ^ shifted(value << (4 * digit), sealBytes)
    }
  }
  digitTables.set(sealBytes, table)
  return table
}
