import type { Begin, CaptureRecord, End, ProgressRecord } from "../../capture/record.ts"
import { type Call, type CallState, toCall } from "../../model/call.ts"
import { processes } from "../node/process.ts"
import type { Capture } from "./capture.ts"
import { Joiner } from "./joiner.ts"
import { LineSplitter } from "./lines.ts"
import type { ReadErrors } from "./read-errors.ts"
import { type Located, toRecord } from "./records.ts"
import type { Segment } from "./segments.ts"

/**
 * A call as far as its records have been read. `end` is absent if it is running, was killed, or is a probe; then
 * `progress` is its last progress record, if it has any.
 */
export type FollowedCall = OpenRecords & { end?: Located<End>; state: CallState }

/** The records of a call without an end record: its begin record, and its last progress record if it has any. */
export type OpenRecords = { begin: Located<Begin>; progress?: Located<ProgressRecord> }

type OpenCall = OpenRecords & { isAlive: (() => boolean) | undefined }

/** Reads what is appended to a capture: each `next` returns the calls that changed since the previous one. */
export class Follower {
  readonly #capture: Capture
  readonly #errors: ReadErrors
  readonly #positions = new Map<string, { inode: number; splitter: LineSplitter; readBytes: number }>()
  readonly #joiner = new Joiner<OpenCall>()
  readonly #processOf: ReturnType<typeof processes>

  constructor(capture: Capture, errors: ReadErrors) {
    this.#capture = capture
    this.#processOf = processes(capture.root)
    this.#errors = errors
  }

  /** Starts reading a segment at its present end. */
  skip({ name, inode, sizeBytes }: Segment): void {
    this.#positions.set(name, { inode, splitter: new LineSplitter(sizeBytes), readBytes: sizeBytes })
  }

  /** Adds a call in flight whose records are in a part that is skipped. Returns its state as far as it is known. */
  resume(records: OpenRecords): CallState {
    const { record } = records.begin
    const isAlive = this.#capture.isLive ? this.#processOf(record) : undefined
    this.#joiner.begin(record.id, { ...records, isAlive })
    return isAlive ? "running" : "unknown"
  }

  /**
   * The calls that began, made progress, ended, or were found killed. An end record without a begin record belongs to a
   * call that began in a skipped part.
   */
  async *next(): AsyncGenerator<FollowedCall> {
    // Looked up before reading: a process that has exited by now has already written its end record, or never will.
    const dead = this.#joiner.open().filter(({ isAlive }) => isAlive && !isAlive())
    const segments = await this.#capture.segments()
    for (const segment of segments) yield* this.#read(segment)
    for (const open of dead) if (this.#joiner.end(open.begin.record.id)) yield { ...recordsOf(open), state: "killed" }
    this.#forgetPruned(segments)
  }

  /** Like `next`, only the calls that ended or were found killed, with their streams. */
  async *nextEnded(): AsyncGenerator<Call> {
    for await (const call of this.next())
      if (call.state === "ended" || call.state === "killed") yield followedCall(call)
  }

  async *#read(segment: Segment): AsyncGenerator<FollowedCall> {
    const known = this.#positions.get(segment.name)
    const { inode } = segment
    const position = known?.inode === inode ? known : { inode, splitter: new LineSplitter(), readBytes: 0 }
    this.#positions.set(segment.name, position)
    if (segment.sizeBytes <= position.readBytes) return
    for await (const chunk of segment.chunks(position.readBytes)) {
      position.readBytes += chunk.length
      for (const line of position.splitter.push(chunk)) {
        const record = toRecord(line, segment.name, this.#errors)
        const call = record && this.#join(record, { segment, offset: line.offset })
        if (call) yield call
      }
    }
  }

  #join(record: CaptureRecord, location: Omit<Located, "record">): FollowedCall | undefined {
    if (record.kind === "progress") {
      const open = this.#joiner.find(record.id)
      if (!open) return undefined
      open.progress = { record, ...location }
      return { ...recordsOf(open), state: open.isAlive ? "running" : "unknown" }
    }
    if (record.kind === "end") {
      const open = this.#joiner.end(record.id)
      return open && { begin: open.begin, end: { record, ...location }, state: "ended" }
    }
    const begin = { record, ...location }
    return { begin, state: record.as === "probe" ? "ended" : this.resume({ begin }) }
  }

  #forgetPruned(segments: Segment[]): void {
    const existing = new Set(segments.map(({ name }) => name))
    for (const name of this.#positions.keys()) if (!existing.has(name)) this.#positions.delete(name)
  }
}

function recordsOf({ isAlive: _, ...records }: OpenCall): OpenRecords {
  return records
}

/** The call with its streams. */
export function followedCall({ begin, progress, end, state }: FollowedCall): Call {
  return toCall(begin.record, (end ?? progress)?.record, state === "unknown" ? undefined : () => state === "running")
}
