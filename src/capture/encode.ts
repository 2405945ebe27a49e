import type { CaptureRecord, LossRecord } from "./record.ts"

/** Size and CRC-32 (IEEE 802.3, lower-case hexadecimal) of a text's UTF-8 bytes. The host provides it. */
export type Checksum = (text: string) => { sizeBytes: number; crc32: string }

export const SEAL = ',"seal":'

/** What follows the body on its line. */
export function sealOf(seal: ReturnType<Checksum>): string {
  return `${SEAL}${JSON.stringify(seal)}}\n`
}

/**
 * One record as it is written: a newline at both ends, so that an interrupted write damages one record and never the
 * next, and a seal (size and CRC-32 of all bytes before it) that distinguishes a torn line from a complete one.
 */
export function encode(record: CaptureRecord | LossRecord, checksum: Checksum): string {
  const body = JSON.stringify(record).slice(0, -1)
  return `\n${body}${sealOf(checksum(body))}`
}
