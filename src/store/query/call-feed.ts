import type { Call } from "../../model/call.ts"
import { withoutStreams } from "../../model/call-without-streams.ts"
import { type Operation, toOperation, toOperations, walk } from "../../model/operation.ts"
import { type CallSummary, type OperationSummary, summariesOf, summarize } from "../../model/packed-operations.ts"
import { answerOf } from "../../model/result/answer.ts"
import type { Capture } from "../capture/capture.ts"
import { Follower, followedCall } from "../capture/follower.ts"
import type { Progress } from "../capture/progress.ts"
import { ReadErrors } from "../capture/read-errors.ts"
import type { RecordLocation } from "../capture/records.ts"
import { completeSegments, type Segment } from "../capture/segments.ts"
import { unindexedBytes } from "../index/build/open-indexes.ts"
import { openIndexedCapture, operationSummaries } from "../index/read/indexed-capture.ts"
import { SummaryReader } from "../index/read/summary-reader.ts"
import { TimeSlice } from "./time-slice.ts"

/** A call without its streams and environment, and what a list shows of them. */
export type SummarizedCall = { call: Call; summary: CallSummary }

/**
 * Operations as an index has them, which has all their calls; or calls that are not grouped. `recent`: what the last
 * records show of operations that an index will have too.
 */
export type FeedBatch =
  | { operations: OperationSummary[] }
  | { calls: SummarizedCall[] }
  | { recent: OperationSummary[] }

const CALLS_PER_BATCH = 2_000
/** Few enough that the first page does not wait. */
const OPERATIONS_PER_BATCH = 1_000
/** The last records of the capture are read before more than that is indexed, so that the first page does not wait. */
const RECENT_BYTES = 2 * 1024 * 1024

/**
 * What a capture holds, without streams: first the operations that exist, newest first, read from the indexes; then the
 * calls that are appended, read from the segments.
 */
export class CallFeed {
  readonly #capture: Capture
  readonly #errors: ReadErrors
  readonly #follower: Follower
  readonly #summaries = new SummaryReader()
  #hasHistory = false
  #isClosing = false

  constructor(capture: Capture, errors: ReadErrors) {
    this.#capture = capture
    this.#errors = errors
    this.#follower = new Follower(capture, errors)
  }

  /**
   * Everything at first, then the calls that began, ended or were found killed since the previous time; in batches. A call
   * is returned again when more of it is known.
   */
  async *next(progress?: Progress): AsyncGenerator<FeedBatch> {
    if (this.#hasHistory) yield* this.#followed(this.#follower)
    else yield* this.#history(progress)
    this.#hasHistory = true
  }

  /** The operation with the streams of its calls. A call whose records were pruned stays without. */
  whole(operation: Operation): Operation {
    this.#closeSoon()
    return this.#summaries.whole(operation)
  }

  /** The call with its streams, or without if its records were pruned. */
  wholeCall(call: Call): Call {
    this.#closeSoon()
    return this.#summaries.wholeCall(call)
  }

  /**
   * An open file would keep the disk space of a segment that the relay prunes. Opening it again for each operation would
   * take longer than reading.
   */
  #closeSoon(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    setImmediate(() => {
      this.#isClosing = false
      this.#summaries.close()
    })
  }

  /** Path of the segment that holds all records of an operation whose calls ended; undefined if there is none. */
  segmentOf(operation: Operation): string | undefined {
    return this.#summaries.segmentOf(operation)
  }

  async *#history(progress: Progress | undefined): AsyncGenerator<FeedBatch> {
    const segments = await completeSegments(this.#capture)
    for (const segment of segments) this.#follower.skip(segment)
    if (unindexedBytes(segments) > RECENT_BYTES) yield { recent: await this.#recent(segments) }
    yield* this.#indexed(segments, progress)
    this.#summaries.close()
  }

  async #recent(segments: Segment[]): Promise<OperationSummary[]> {
    const calls = new Map<string, SummarizedCall>()
    for await (const batch of this.#followed(recentFollower(this.#capture, segments)))
      for (const one of batch.calls) calls.set(one.call.id, one)
    const operations = toOperations(Array.from(calls.values(), ({ call }) => call))
    return operations.map((operation) => ({
      ...operation,
      summaries: summariesOf(operation, ({ id }) => calls.get(id)?.summary),
    }))
  }

  async *#indexed(segments: Segment[], progress: Progress | undefined): AsyncGenerator<FeedBatch> {
    const view = { ...this.#capture, segments: async () => segments }
    const indexed = await openIndexedCapture(view, this.#errors, {}, progress, undefined, this.#summaries)
    const slice = new TimeSlice()
    let operations: OperationSummary[] = []
    try {
      for (const operation of operationSummaries(indexed, { newestFirst: true })) {
        operations.push(isEnded(operation) ? operation : this.#resumed(operation))
        if (operations.length >= OPERATIONS_PER_BATCH) {
          yield { operations }
          operations = []
        }
        await slice.pauseIfOver()
      }
      yield { operations }
    } finally {
      indexed.close()
    }
  }

  /** The same operation, whose calls without an end are followed from now on. */
  #resumed(operation: OperationSummary): OperationSummary {
    for (const { call } of walk(operation.calls)) {
      if (call.state === "ended") continue
      // Its end record may have been appended since the segments were listed: the next reading decides.
      if (call.state === "killed") call.state = "running"
      const records = this.#summaries.openRecords(call)
      if (records) call.state = this.#follower.resume(records)
    }
    return { ...toOperation(operation.calls), summaries: operation.summaries }
  }

  async *#followed(follower: Follower): AsyncGenerator<{ calls: SummarizedCall[] }> {
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
        yield { calls: [...batch.values()] }
        batch.clear()
      }
      await slice.pauseIfOver()
    }
    if (batch.size > 0) yield { calls: [...batch.values()] }
  }
}

function isEnded({ calls }: Operation): boolean {
  for (const { call } of walk(calls)) if (call.state !== "ended") return false
  return true
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

/** Whether more of its list follows is not known yet: the code that groups the calls looks at the answer of the last one only. */
function withAnswer(call: Call): Call {
  const answer = call.depth === 0 || call.parent === undefined ? answerOf(call) : undefined
  if (answer !== undefined && answer !== "result") call.answer = answer
  return call
}

function locationOf({ segment, offset }: RecordLocation): RecordLocation {
  return { segment, offset }
}
