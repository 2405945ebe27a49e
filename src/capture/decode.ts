import { isObject } from "../cni/json.ts"
import { type Checksum, SEAL } from "./encode.ts"
import { type CaptureRecord, FORMAT, type LossRecord } from "./record.ts"
import { isLoss, isRecord } from "./record-shape.ts"

/** `malformed`: sealed, but a member is missing or has another type. ReadErrorKind describes the others. */
export type Decoded =
  | { kind: "record"; record: CaptureRecord }
  | { kind: "loss"; loss: LossRecord }
  | { kind: "newer"; format: number }
  | { kind: "unknown"; recordKind: string }
  | { kind: "torn" | "foreign" | "malformed" }

/** Reads one line without its newlines. An incomplete line is a result, never an exception. */
export function decode(line: string, checksum: Checksum): Decoded {
  const at = line.lastIndexOf(SEAL)
  const value = parse(line)
  if (!isObject(value)) return line.startsWith('{"format":') ? { kind: "torn" } : { kind: "foreign" }
  if (typeof value.format !== "number") return { kind: "foreign" }
  if (value.format > FORMAT) return { kind: "newer", format: value.format }
  if (at < 0 || !isSealed(line.slice(0, at), value.seal, checksum)) return { kind: "torn" }
  delete value.seal
  if (value.kind === "loss") return isLoss(value) ? { kind: "loss", loss: value } : { kind: "malformed" }
  if (value.kind !== "begin" && value.kind !== "progress" && value.kind !== "end")
    return { kind: "unknown", recordKind: String(value.kind) }
  return isRecord(value) ? { kind: "record", record: value } : { kind: "malformed" }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isSealed(body: string, seal: unknown, checksum: Checksum): boolean {
  if (!isObject(seal)) return false
  const actual = checksum(body)
  return seal.sizeBytes === actual.sizeBytes && seal.crc32 === actual.crc32
}
