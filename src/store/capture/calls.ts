import { SEGMENT_INTERVAL_MS } from "../../capture/segment-name.ts"
import { type Call, toCall } from "../../model/call.ts"
import type { TimeRange } from "../../model/filter/time-range.ts"
import type { Capture } from "./capture.ts"
import { conclude } from "./conclude.ts"
import { followedCall, type OpenRecords } from "./follower.ts"
import { Joiner } from "./joiner.ts"
import type { ReadErrors } from "./read-errors.ts"
import { readRecords } from "./records.ts"
import type { Segment } from "./segments.ts"

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
  const joiner = new Joiner<OpenRecords>()
  for (const segment of segments) {
    for await (const { record, offset } of readRecords(segment, errors)) {
      const location = { segment, offset }
      if (record.kind === "begin") {
        if (record.as === "probe") yield toCall(record, undefined)
        else joiner.begin(record.id, { begin: { record, ...location } })
        continue
      }
      if (record.kind === "progress") {
        const open = joiner.find(record.id)
        if (open && (open.progress?.record.monoMs ?? 0) <= record.monoMs) open.progress = { record, ...location }
        continue
      }
      const open = joiner.end(record.id)
      if (open) yield toCall(open.begin.record, record)
      else errors.add("orphan", segment.name, offset)
    }
  }
  const fromMs = Math.min(...segments.map(({ startMs = 0 }) => startMs))
  const newer = async () => (await capture.segments()).filter(({ startMs = 0 }) => startMs >= fromMs)
  for (const followed of await conclude({ ...capture, segments: newer }, segments, joiner.open()))
    yield followedCall(followed)
}

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
