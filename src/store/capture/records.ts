import { decode } from "../../capture/decode.ts"
import type { CaptureRecord } from "../../capture/record.ts"
import { checksum } from "./checksum.ts"
import { type Line, LineSplitter } from "./lines.ts"
import { ReadErrors } from "./read-errors.ts"
import type { Segment } from "./segments.ts"

/** A record and where its line starts. */
export type Located<Record extends CaptureRecord = CaptureRecord> = { record: Record } & RecordLocation

/** `offset`: of the first byte of the line in the segment. */
export type RecordLocation = { segment: Segment; offset: number }

/** The records of a segment in the order they were written. Other lines are counted in `errors`. */
export async function* readRecords(segment: Segment, errors: ReadErrors, fromByte = 0): AsyncGenerator<Located> {
  const splitter = new LineSplitter(fromByte)
  for await (const chunk of segment.chunks(fromByte)) {
    for (const line of splitter.push(chunk)) {
      const record = toRecord(line, segment.name, errors)
      if (record) yield { record, segment, offset: line.offset }
    }
  }
  const rest = splitter.rest()
  const record = rest && toRecord(rest, segment.name, errors)
  if (record) yield { record, segment, offset: rest.offset }
}

/** Whether the segments contain any readable record. */
export async function holdRecords(segments: readonly Segment[]): Promise<boolean> {
  for (const segment of segments) for await (const _ of readRecords(segment, new ReadErrors())) return true
  return false
}

/** Decodes a line. Undefined if it is not a readable record of a call, which is counted in `errors`. */
export function toRecord(line: Line, segment: string, errors: ReadErrors): CaptureRecord | undefined {
  if (!line.bytes) {
    errors.add("oversize", segment, line.offset)
    return undefined
  }
  const decoded = decode(line.bytes.toString("utf8"), checksum)
  if (decoded.kind === "record") return decoded.record
  if (decoded.kind === "loss") errors.addLosses([decoded.loss])
  else errors.add(decoded.kind, segment, line.offset)
  return undefined
}
