import { crc32 } from "node:zlib"
import { isAt } from "./byte-scanner.ts"

const SEAL = Buffer.from(',"seal":{"sizeBytes":')
const CRC = Buffer.from(',"crc32":"')
const SEAL_END = Buffer.from('"}}')
const HEX_DIGITS = 8
const ZERO = 48

/** The end of the bytes that the seal of a line covers; -1 if there is no seal or it does not match. */
export function sealedEnd(bytes: Buffer, from: number, to: number): number {
  const hexAt = to - SEAL_END.length - HEX_DIGITS
  const crcAt = hexAt - CRC.length
  if (crcAt < from || !isAt(bytes, to - SEAL_END.length, SEAL_END) || !isAt(bytes, crcAt, CRC)) return -1
  let sizeAt = crcAt
  let sizeBytes = 0
  for (let weight = 1; isDigit(bytes[sizeAt - 1]); weight *= 10) sizeBytes += weight * ((bytes[--sizeAt] ?? 0) - ZERO)
  const end = from + sizeBytes
  if (bytes[sizeAt] === ZERO || sizeAt - SEAL.length !== end || !isAt(bytes, end, SEAL)) return -1
  // Buffer.subarray is slower.
  const crc = crc32(new Uint8Array(bytes.buffer, bytes.byteOffset + from, sizeBytes))
  return isHex(bytes, hexAt, crc) ? end : -1
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 57
}

const DIGITS = Buffer.from("0123456789abcdef")

/** Whether these eight lower-case hexadecimal digits are the number. */
function isHex(bytes: Buffer, at: number, number: number): boolean {
  for (let digit = 0; digit < HEX_DIGITS; digit++)
    if (bytes[at + digit] !== DIGITS[(number >>> (28 - 4 * digit)) & 15]) return false
  return true
}
