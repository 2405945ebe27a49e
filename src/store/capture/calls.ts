import type { Begin } from "../../capture/record.ts"
import { SEGMENT_INTERVAL_MS } from "../../capture/segment-name.ts"
import { type Call, toCall } from "../../model/call.ts"
import { processes } from "../node/process.ts"
import type { Capture } from "./capture.ts"
import type { ReadErrors } from "./read-errors.ts"
import { readRecords } from "./records.ts"
import type { Segment } from "./segments.ts"

/** Milliseconds since 1970. Operations that started in between are wanted. */
export type TimeRange = { sinceMs?: number; untilMs?: number }

/**
 * The calls of a capture, each as soon as its end line was read; those that never ended come last. Memory holds the
 * calls in flight only.
 */
export async function* readCalls(capture: Capture, damage: ReadErrors, range: TimeRange = {}): AsyncGenerator<Call> {
  const segments = await capture.segments()
  yield* readSegments(
    capture,
    segments.filter((segment) => isInRange(segment, range)),
    damage,
  )
}

/** The calls of some segments of a capture, as `readCalls` gives them. */
export async function* readSegments(capture: Capture, segments: Segment[], damage: ReadErrors): AsyncGenerator<Call> {
  const open = new Map<string, Begin>()
  for (const segment of segments) {
    for await (const { record, offset } of readRecords(segment, damage)) {
      if (record.kind === "begin") {
        if (record.as === "probe") yield toCall(record, undefined)
        else open.set(record.id, record)
        continue
      }
      const begin = open.get(record.id)
      open.delete(record.id)
      if (begin) yield toCall(begin, record)
      else damage.add("orphan", segment.name, offset)
    }
  }
  const isAlive = capture.isLive ? processes() : undefined
  for (const begin of open.values()) yield toCall(begin, undefined, isAlive?.(begin))
}

/** A call may end hours after it began, and an operation may begin just before the time that was asked for. */
const SLACK_MS = 3_600_000

/** Whether a segment can hold lines of operations that started in the range. */
export function isInRange({ startMs }: Segment, { sinceMs, untilMs }: TimeRange): boolean {
  if (startMs === undefined) return true
  return (
    (sinceMs === undefined || startMs + SEGMENT_INTERVAL_MS + SLACK_MS > sinceMs) &&
    (untilMs === undefined || startMs <= untilMs + SLACK_MS)
  )
}
