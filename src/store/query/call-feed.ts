import type { Call, CallState } from "../../model/call.ts"
import { withoutStreams } from "../../model/call-without-streams.ts"
import { type Operation, walk } from "../../model/operation.ts"
import { type CallSummary, NO_SUMMARY, summarize } from "../../model/packed-operations.ts"
import { answerOf } from "../../model/result/answer.ts"
import type { Capture } from "../capture/capture.ts"
import { Follower, followedCall } from "../capture/follower.ts"
import type { Progress } from "../capture/progress.ts"
import { ReadErrors } from "../capture/read-errors.ts"
import type { RecordLocation } from "../capture/records.ts"
import { completeSegments, type Segment } from "../capture/segments.ts"
import { openIndexedCapture, operationSummaries } from "../index/read/indexed-capture.ts"
import { SummaryReader } from "../index/read/summary-reader.ts"
import { TimeSlice } from "./time-slice.ts"

/** A call without its streams and environment, and what a list shows of them. */
export type SummarizedCall = { call: Call; summary: CallSummary }

const CALLS_PER_BATCH = 2_000
/** The last records of the capture are read before the indexes, so that the first screen does not wait for those. */
const RECENT_BYTES = 2 * 1024 * 1024

/**
 * The calls of a capture without their streams: first those that exist, read from the indexes; then those that are
 * appended, read from the segments.
 */
export class CallFeed {
  readonly #capture: Capture
  readonly #errors: ReadErrors
  readonly #follower: Follower
  readonly #summaries = new SummaryReader()
  #hasHistory = false

  constructor(capture: Capture, errors: ReadErrors) {
    this.#capture = capture
    this.#errors = errors
    this.#follower = new Follower(capture, errors)
  }

  /**
   * All calls at first, then those that began, ended or were found killed since the previous time; in batches. A call is
   * returned again when more of it is known.
   */
  async *next(progress?: Progress): AsyncGenerator<SummarizedCall[]> {
    if (this.#hasHistory) yield* this.#followed(this.#follower)
    else yield* this.#history(progress)
    this.#hasHistory = true
  }

  /** The operation with the streams of its calls. A call whose records were pruned stays without. */
  whole(operation: Operation): Operation {
    try {
      return this.#summaries.whole(operation)
    } finally {
      // An open file would keep the disk space of a segment that the relay prunes.
      this.#summaries.close()
    }
  }

  /** The call with its streams, or without if its records were pruned. */
  wholeCall(call: Call): Call {
    try {
      return this.#summaries.wholeCall(call)
    } finally {
      this.#summaries.close()
    }
  }

  /** Path of the segment that holds all records of an operation whose calls ended; undefined if there is none. */
  segmentOf(operation: Operation): string | undefined {
    return this.#summaries.segmentOf(operation)
  }

  async *#history(progress: Progress | undefined): AsyncGenerator<SummarizedCall[]> {
    const segments = await completeSegments(this.#capture)
    for (const segment of segments) this.#follower.skip(segment)
    const sent = new Map<string, CallState>()
    for await (const batch of this.#followed(recentFollower(this.#capture, segments))) {
      for (const { call } of batch) sent.set(call.id, call.state)
      yield batch
    }
    for await (const batch of this.#indexed(segments, progress)) {
      for (const { call } of batch) if (call.state !== "ended") this.#resume(call)
      yield batch.filter(({ call }) => sent.get(call.id) !== call.state)
    }
    this.#summaries.close()
  }

  async *#indexed(segments: Segment[], progress: Progress | undefined): AsyncGenerator<SummarizedCall[]> {
    const view = { ...this.#capture, segments: async () => segments }
    const indexed = await openIndexedCapture(view, this.#errors, {}, progress, undefined, this.#summaries)
    const slice = new TimeSlice()
    let batch: SummarizedCall[] = []
    try {
      for (const operation of operationSummaries(indexed, {})) {
        for (const { call } of walk(operation.calls)) {
          const summary = operation.summaries.get(call.id) ?? NO_SUMMARY
          // Its end record may have been appended since the segments were listed: the next reading decides.
          if (call.state === "killed") call.state = "running"
          batch.push({ call, summary })
        }
        if (batch.length >= CALLS_PER_BATCH) {
          yield batch
          batch = []
        }
        await slice.pauseIfOver()
      }
      yield batch
    } finally {
      indexed.close()
    }
  }

  #resume(call: Call): void {
    const records = this.#summaries.openRecords(call)
    if (records) call.state = this.#follower.resume(records)
  }

  async *#followed(follower: Follower): AsyncGenerator<SummarizedCall[]> {
    const slice = new TimeSlice()
    // Of a call that changes twice within a batch only the last state is returned.
    const batch = new Map<string, SummarizedCall>()
    for await (const followed of follower.next()) {
      const { begin, progress, end } = followed
      const whole = withAnswer(followedCall(followed))
      const call = withoutStreams(whole)
      const summary = end ? summarize(whole) : {}
      this.#summaries.add(call, {
        summary,
        begin: locationOf(begin),
        ...(progress ? { progress: locationOf(progress) } : {}),
        ...(end ? { end: locationOf(end) } : {}),
      })
      batch.set(call.id, { call, summary })
      if (batch.size >= CALLS_PER_BATCH) {
        yield [...batch.values()]
        batch.clear()
      }
      await slice.pauseIfOver()
    }
    if (batch.size > 0) yield [...batch.values()]
  }
}

/** Reads the last `RECENT_BYTES` of the segments. Read errors are not counted: it may start within a line. */
function recentFollower(capture: Capture, segments: Segment[]): Follower {
  const follower = new Follower({ ...capture, segments: async () => segments }, new ReadErrors())
  let remainingBytes = RECENT_BYTES
  for (const segment of segments.toReversed()) {
    const fromByte = Math.max(0, segment.sizeBytes - remainingBytes)
    remainingBytes -= segment.sizeBytes - fromByte
    follower.skip({ ...segment, sizeBytes: fromByte })
  }
  return follower
}

/** Whether more of its list follows is not known yet: whoever groups the calls looks at the answer of the last one only. */
function withAnswer(call: Call): Call {
  const answer = call.depth === 0 ? answerOf(call) : undefined
  if (answer !== undefined && answer !== "result") call.answer = answer
  return call
}

function locationOf({ segment, offset }: RecordLocation): RecordLocation {
  return { segment, offset }
}
