import { hostname } from "node:os"
import type { Call } from "../model/call.ts"
import type { CaptureName } from "../model/capture-name.ts"
import type { Filter } from "../model/filter/filter.ts"
import type { Operation } from "../model/operation.ts"
import type { OperationSummary } from "../model/packed-operations.ts"
import { localOffsetMs } from "../model/time.ts"
import type { Capture } from "../store/capture/capture.ts"
import { captureName } from "../store/capture/capture-name.ts"
import type { Progress } from "../store/capture/progress.ts"
import { ReadErrors } from "../store/capture/read-errors.ts"
import type { Segment } from "../store/capture/segments.ts"
import { CallFeed } from "../store/query/call-feed.ts"
import { readOperations } from "../store/query/operations.ts"
import { TimeSlice } from "../store/query/time-slice.ts"
import { Catalog } from "./catalog.ts"
import type { CaptureState, Source } from "./protocol.ts"
import { troubleOf } from "./trouble.ts"

const POLL_MS = 200

/** A capture that is read and followed, shared by all connected pages. */
export class Session {
  readonly source: Source
  readonly catalog = new Catalog()
  readonly readErrors = new ReadErrors()
  readonly #capture: Capture
  readonly #feed: CallFeed
  readonly #slice = new TimeSlice()
  readonly #listeners = new Set<() => void>()
  readonly #forgetters = new Set<(operations: readonly OperationSummary[]) => void>()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #progress = { readBytes: 0, totalBytes: 0 }
  #isRead = false
  #state: CaptureState = {}
  /** inode by name, and when they were listed */
  #segments: { inodes: ReadonlyMap<string, number>; listedMs: number } = { inodes: new Map(), listedMs: 0 }

  constructor(capture: Capture, name: CaptureName = captureName(capture)) {
    this.source = {
      ...name,
      isLive: capture.isLive,
      host: hostname(),
      utcOffsetMs: localOffsetMs(Date.now()),
    }
    this.#capture = capture
    this.#feed = new CallFeed({ ...capture, segments: () => this.#listSegments() }, this.readErrors)
  }

  /** Whether all calls that existed at the start have been read. */
  get isRead(): boolean {
    return this.#isRead
  }

  get progress(): { readBytes: number; totalBytes: number } {
    return this.#progress
  }

  get state(): CaptureState {
    return this.#state
  }

  /** Reads all calls, then follows the capture until `close`. Resolves when the calls that existed have been read. */
  async open(progress?: Progress): Promise<void> {
    await this.#readNext((readBytes, totalBytes) => {
      this.#progress = { readBytes, totalBytes }
      progress?.(readBytes, totalBytes)
    })
    // Which of the calls in flight were killed is known after a second reading.
    await this.#readNext()
    this.#isRead = true
    this.#notify()
    if (this.source.isLive) this.#schedule()
  }

  /** Calls the listener after each change, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Calls the listener with operations that were pruned a while ago, and are no longer in the catalog. */
  onForgotten(listener: (operations: readonly OperationSummary[]) => void): void {
    this.#forgetters.add(listener)
  }

  /** The operation with the streams of its calls. A call whose records were pruned stays without. */
  async whole(operation: Operation): Promise<Operation> {
    await this.#slice.pauseIfOver()
    return this.#feed.whole(operation)
  }

  /** The call with its streams, or without if its records were pruned. */
  wholeCall(call: Call): Call {
    return this.#feed.wholeCall(call)
  }

  /** By the segment that holds all of their records; undefined: they have records in several, or none of their end. */
  async bySegment(operations: readonly OperationSummary[]): Promise<Map<Segment | undefined, OperationSummary[]>> {
    const segments = new Map((await this.#capture.segments()).map((segment) => [segment.path, segment]))
    const found = new Map<Segment | undefined, OperationSummary[]>()
    for (const operation of operations) {
      const segment = segments.get(this.#feed.segmentOf(operation) ?? "")
      const own = found.get(segment)
      if (own) own.push(operation)
      else found.set(segment, [operation])
    }
    return found
  }

  /** The operations that match a filter, with their streams, in the order they started. */
  async *wholeMatching(filter: Filter, nowMs: number): AsyncGenerator<Operation> {
    for await (const operation of readOperations(this.#capture, new ReadErrors(), {}, { filter, nowMs })) {
      yield operation
      await this.#slice.pauseIfOver()
    }
  }

  /** IDs of the operations that match a filter, which may test streams. */
  async *matching(filter: Filter, nowMs: number): AsyncGenerator<string> {
    for await (const { id } of readOperations(
      this.#capture,
      new ReadErrors(),
      {},
      { filter, nowMs, withoutStreams: true },
    ))
      yield id
  }

  /** `text`: that the clocks of the capture's nodes differ; undefined if they do not. */
  setClocks(text: string | undefined): void {
    this.#setState({ ...this.#state, clocks: text })
  }

  /** Resolves when the first operations are in the catalog, or when there are none. */
  async begun(): Promise<void> {
    await this.#until(() => this.#isRead || this.catalog.size > 0)
  }

  /** Resolves when all calls that existed at the start have been read. */
  async read(): Promise<void> {
    await this.#until(() => this.#isRead)
  }

  async #until(isReached: () => boolean): Promise<void> {
    while (!isReached() && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        const unsubscribe = this.subscribe(() => {
          unsubscribe()
          resolve()
        })
      })
    }
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#notify()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  #schedule(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => {
      void this.#poll().finally(() => this.#schedule())
    }, POLL_MS)
  }

  /** After a failed read (directory removed, permissions changed) pages keep what they have, and are told why. */
  async #poll(): Promise<void> {
    try {
      await this.#readNext()
      this.#setState({ ...this.#state, trouble: undefined })
    } catch (error) {
      this.#setState({ ...this.#state, trouble: troubleOf(error, this.source.path) })
    }
  }

  /** The segments that the feed reads. Notes which of those that it read before are gone. */
  async #listSegments(): Promise<Segment[]> {
    const listedMs = Date.now()
    const segments = await this.#capture.segments()
    const inodes = new Map(segments.map(({ name, inode }) => [name, inode]))
    const before = this.#segments
    this.#segments = { inodes, listedMs }
    const pruned = [...before.inodes].filter(([name, inode]) => inodes.get(name) !== inode)
    if (pruned.length === 0) return segments
    const isReplaced = segments.length === 0 || pruned.some(([name]) => inodes.has(name))
    const prunedBeforeMs = isReplaced ? before.listedMs : segments[0]?.startMs
    // What was pruned stays visible until the next time.
    const forgotten = isReplaced ? [] : this.catalog.forget(this.#state.prunedBeforeMs ?? Number.NEGATIVE_INFINITY)
    if (forgotten.length > 0) for (const listener of this.#forgetters) listener(forgotten)
    this.#setState({ ...this.#state, ...(prunedBeforeMs === undefined ? {} : { prunedBeforeMs }) })
    return segments
  }

  #setState(state: CaptureState): void {
    const isNew = JSON.stringify(state) !== JSON.stringify(this.#state)
    this.#state = state
    if (isNew) this.#notify()
  }

  async #readNext(progress?: Progress): Promise<void> {
    for await (const batch of this.#feed.next(progress)) {
      if ("recent" in batch) this.catalog.putRecent(batch.recent)
      else if ("operations" in batch) this.catalog.putOperations(batch.operations)
      else this.catalog.put(batch.calls)
      this.#notify()
    }
  }

  #notify(): void {
    for (const listener of this.#listeners) listener()
  }
}
