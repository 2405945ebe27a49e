import { crc32 } from "node:zlib"
import { ByteScanner, Literal } from "./byte-scanner.ts"

const SEAL = new Literal(',"seal":{"sizeBytes":')
const CRC = new Literal(',"crc32":"')
const HEX_DIGITS = 8
const SEAL_END = '"}}'

/** Lines of a buffer: their ends, and the end of the bytes that their seal covers; -1 if the seal does not match. */
export type LineTable = { count: number; from: Int32Array; to: Int32Array; sealedEnd: Int32Array }

/** The end of the bytes that the seal of a line covers; -1 if there is no seal or it does not match. */
export function sealedEnd(bytes: Buffer, from: number, to: number): number {
  const end = coveredEnd(bytes, from, to)
  return end >= 0 && crcOf(bytes, from, end) === claimedCrc ? end : -1
}

/**
 * Sets `sealedEnd` of consecutive lines with only newlines between them and up to `to`. One call of zlib per line would
 * cost a tenth of the whole scan. So the checksum that all these bytes have if every seal is right is combined from the
 * seals and compared with the checksum of all bytes, in one call. Only if they differ is each line checked on its own.
 */
export function checkSeals(bytes: Buffer, to: number, lines: LineTable): void {
  const start = lines.count > 0 ? (lines.from[0] ?? 0) : to
  if (lines.count > 1 && combinedCrc(bytes, to, lines) === crcOf(bytes, start, to)) return
  for (let line = 0; line < lines.count; line++)
    lines.sealedEnd[line] = sealedEnd(bytes, lines.from[line] ?? 0, lines.to[line] ?? 0)
}

/** The checksum of all lines together if each seal is right. Sets `sealedEnd` to what the seals claim. */
export function combinedCrc(bytes: Buffer, to: number, lines: LineTable): number {
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
        ? advance(crc, lineTo - lineFrom) ^ crcOf(bytes, lineFrom, lineTo)
        : withSealed(crc, end - lineFrom, lineTo - end, claimedCrc)
    at = lineTo
  }
  for (; at < to; at++) crc = withByte(crc, bytes[at] ?? 0)
  return crc >>> 0
}

const scanner = new ByteScanner()
/** The checksum in the seal that `coveredEnd` has read last. */
let claimedCrc = 0

/** The end of the covered bytes, as the seal claims it; -1 if there is no seal. */
function coveredEnd(bytes: Buffer, from: number, to: number): number {
  scanner.open(bytes, to)
  const hexAt = to - SEAL_END.length - HEX_DIGITS
  const crcAt = hexAt - CRC.bytes.length
  if (crcAt < from || !isSealEnd(bytes, to) || !scanner.isAt(crcAt, CRC)) return -1
  let sizeAt = crcAt
  let sizeBytes = 0
  for (let weight = 1; isDigit(bytes[sizeAt - 1]); weight *= 10) sizeBytes += weight * ((bytes[--sizeAt] ?? 0) - 48)
  const end = from + sizeBytes
  if (bytes[sizeAt] === 48 || sizeAt - SEAL.bytes.length !== end || !scanner.isAt(end, SEAL)) return -1
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

/** Reads eight lower-case hexadecimal digits into `claimedCrc`; false if they are anything else. */
function readHex(bytes: Buffer, from: number): boolean {
  claimedCrc = 0
  for (let at = from; at < from + HEX_DIGITS; at++) {
    const digit = DIGITS[bytes[at] ?? 0] ?? NOT_A_DIGIT
    if (digit === NOT_A_DIGIT) return false
    claimedCrc = (claimedCrc << 4) | digit
  }
  claimedCrc >>>= 0
  return true
}

const HEX = Buffer.from("0123456789abcdef")
const NOT_A_DIGIT = 255
const DIGITS = new Uint8Array(256).fill(NOT_A_DIGIT)
for (const [digit, letter] of HEX.entries()) DIGITS[letter] = digit

function crcOf(bytes: Buffer, from: number, to: number): number {
  // Buffer.subarray is slower.
  return crc32(new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from))
}

/*
 * CRC-32 is linear: crc(A followed by B) = crc(A) advanced by the length of B, XOR crc(B) (zlib's crc32_combine). `ZEROS`
 * holds what 1, 2, 4, 8 and so on zero bytes do to a checksum: a table for each of its four bytes.
 */
const TABLE = 4 * 256
const POWERS = 31
const POLYNOMIAL = 0xedb88320
const ZEROS = new Int32Array(POWERS * TABLE)

/** Takes milliseconds, which a reader that finds an index, and therefore checks no seal, must not spend. */
function fillZeros(): void {
  for (let at = 0; at < 256; at++) {
    let crc = at
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    ZEROS[at] = crc
    for (const byte of [1, 2, 3]) ZEROS[256 * byte + at] = at << (8 * (byte - 1))
  }
  for (let at = TABLE; at < ZEROS.length; at++)
    ZEROS[at] = advancedBy(ZEROS[at - TABLE] ?? 0, at - (at % TABLE) - TABLE)
}

function advancedBy(crc: number, table: number): number {
  return (
    (ZEROS[table + (crc & 255)] ?? 0) ^
    (ZEROS[table + 256 + ((crc >>> 8) & 255)] ?? 0) ^
    (ZEROS[table + 512 + ((crc >>> 16) & 255)] ?? 0) ^
    (ZEROS[table + 768 + (crc >>> 24)] ?? 0)
  )
}

/** The checksum advanced by so many zero bytes. */
function advance(crc: number, sizeBytes: number): number {
  let advanced = crc
  for (let [rest, table] = [sizeBytes, 0]; rest > 0; rest >>>= 1, table += TABLE)
    if (rest & 1) advanced = advancedBy(advanced, table)
  return advanced
}

function withByte(crc: number, byte: number): number {
  return ~((ZEROS[(~crc ^ byte) & 255] ?? 0) ^ (~crc >>> 8))
}

/** Appends a sealed line: `bodyCrc` is the checksum that its seal claims for its first `bodyBytes`. */
function withSealed(crc: number, bodyBytes: number, sealBytes: number, bodyCrc: number): number {
  const digits = digitsOf(sealBytes)
  let all = advance(crc, bodyBytes + sealBytes) ^ emptySealCrc(bodyBytes)
  for (let digit = 0; digit < HEX_DIGITS; digit++) all ^= digits[16 * digit + ((bodyCrc >>> (4 * digit)) & 15)] ?? 0
  return all
}

/** By size of the body: there are few different sizes. */
const emptySeals = new Map<number, number>()
const MAX_EMPTY_SEALS = 65_536

/** Checksum of the seal for so many bytes, with 00000000 as their checksum. */
function emptySealCrc(bodyBytes: number): number {
  const known = emptySeals.get(bodyBytes)
  if (known !== undefined) return known
  const crc = crc32(`${SEAL.bytes}${bodyBytes}${CRC.bytes}${"0".repeat(HEX_DIGITS)}${SEAL_END}`)
  if (emptySeals.size >= MAX_EMPTY_SEALS) emptySeals.clear()
  emptySeals.set(bodyBytes, crc)
  return crc
}

/** By size of the seal: the effect of each digit of a checksum with each value. */
const digitTables = new Map<number, Int32Array>()

/** A digit changes the seal's text and, as part of the body's checksum, what is advanced by the seal's length. */
function digitsOf(sealBytes: number): Int32Array {
  const known = digitTables.get(sealBytes)
  if (known) return known
  const table = new Int32Array(HEX_DIGITS * 16)
  for (let digit = 0; digit < HEX_DIGITS; digit++) {
    for (let value = 0; value < 16; value++) {
      const letter = (HEX[value] ?? 0) ^ (HEX[0] ?? 0)
      const inSeal = advance(ZEROS[letter] ?? 0, digit + SEAL_END.length)
      table[16 * digit + value] = inSeal ^ advance(value << (4 * digit), sealBytes)
    }
  }
  digitTables.set(sealBytes, table)
  return table
}
