import { type CaptureRecord, FORMAT } from "./record.ts"

/** Size and CRC-32 (IEEE 802.3, lower-case hexadecimal) of a text's UTF-8 bytes. The host provides it. */
export type Checksum = (text: string) => { sizeBytes: number; crc32: string }

export type Decoded =
  | { kind: "record"; record: CaptureRecord }
  | { kind: "newer"; format: number }
  | { kind: "unknown"; recordKind: string }
  | { kind: "torn" }
  | { kind: "foreign" }

const SEAL = ',"seal":'

/**
 * One record as it is written: a newline at both ends, so that an interrupted write damages one record and never the
 * next, and a seal (size and CRC-32 of all bytes before it) that distinguishes a torn line from a complete one.
 */
export function encode(record: CaptureRecord, checksum: Checksum): string {
  const body = JSON.stringify(record).slice(0, -1)
  return `\n${body}${SEAL}${JSON.stringify(checksum(body))}}\n`
}

/** Reads one line without its newlines. An incomplete line is a result, never an exception. */
export function decode(line: string, checksum: Checksum): Decoded {
  const at = line.lastIndexOf(SEAL)
  const value = parse(line)
  if (!isObject(value)) return line.startsWith('{"format":') ? { kind: "torn" } : { kind: "foreign" }
  if (typeof value.format !== "number") return { kind: "foreign" }
  if (value.format > FORMAT) return { kind: "newer", format: value.format }
  if (at < 0 || !isSealed(line.slice(0, at), value.seal, checksum)) return { kind: "torn" }
  delete value.seal
  if (value.kind !== "begin" && value.kind !== "progress" && value.kind !== "end")
    return { kind: "unknown", recordKind: String(value.kind) }
  // The seal proves that a relay of this format wrote these bytes, so the types hold.
  return { kind: "record", record: value as unknown as CaptureRecord }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function isSealed(body: string, seal: unknown, checksum: Checksum): boolean {
  if (!isObject(seal)) return false
  const actual = checksum(body)
  return seal.sizeBytes === actual.sizeBytes && seal.crc32 === actual.crc32
}
