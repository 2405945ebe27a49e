import type { Begin, ProgressRecord } from "../../capture/record.ts"
import { SEGMENT_INTERVAL_MS } from "../../capture/segment-name.ts"
import { type Call, toCall } from "../../model/call.ts"
import { processes } from "../node/process.ts"
import type { Capture } from "./capture.ts"
import { Joiner } from "./joiner.ts"
import type { ReadErrors } from "./read-errors.ts"
import { readRecords } from "./records.ts"
import type { Segment } from "./segments.ts"

/** Milliseconds since 1970. Selects operations that started in between. */
export type TimeRange = { sinceMs?: number; untilMs?: number }

/**
 * The calls of a capture, each as soon as its end record is read; calls without an end record come last. Memory holds
 * only the calls in flight.
 */
export async function* readCalls(capture: Capture, errors: ReadErrors, range: TimeRange = {}): AsyncGenerator<Call> {
  const segments = await capture.segments()
  yield* readSegments(
    capture,
    segments.filter((segment) => isInRange(segment, range)),
    errors,
  )
}

/** Like `readCalls`, for some segments of a capture, oldest first. */
export async function* readSegments(capture: Capture, segments: Segment[], errors: ReadErrors): AsyncGenerator<Call> {
  const joiner = new Joiner<CallWithoutEnd>()
  for (const segment of segments) {
    for await (const { record, offset } of readRecords(segment, errors)) {
      if (record.kind === "begin") {
        if (record.as === "probe") yield toCall(record, undefined)
        else joiner.begin(record.id, { begin: record })
        continue
      }
      if (record.kind === "progress") {
        const open = joiner.find(record.id)
        if (open && (open.progress?.monoMs ?? 0) <= record.monoMs) open.progress = record
        continue
      }
      const open = joiner.end(record.id)
      if (open) yield toCall(open.begin, record)
      else errors.add("orphan", segment.name, offset)
    }
  }
  const isAlive = capture.isLive ? processes(capture.root) : undefined
  for (const { begin, progress } of joiner.open()) yield toCall(begin, progress, isAlive?.(begin))
}

type CallWithoutEnd = { begin: Begin; progress?: ProgressRecord }

/** A call may end hours after it began, and an operation may begin just before the requested time. */
const SLACK_MS = 3_600_000

/** Whether a segment can contain records of operations that started in the range. */
export function isInRange({ startMs }: Segment, { sinceMs, untilMs }: TimeRange): boolean {
  if (startMs === undefined) return true
  return (
    (sinceMs === undefined || startMs + SEGMENT_INTERVAL_MS + SLACK_MS > sinceMs) &&
    (untilMs === undefined || startMs <= untilMs + SLACK_MS)
  )
}
