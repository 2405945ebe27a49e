import type { Begin, End } from "../capture/record.ts"
import { type Call, toCall } from "../model/call.ts"
import type { CallSummary } from "../model/packed-operations.ts"
import type { Capture } from "../store/capture/capture.ts"
import { type Line, LineSplitter } from "../store/capture/lines.ts"
import type { ReadErrors } from "../store/capture/read-errors.ts"
import { recordAt, toRecord } from "../store/capture/records.ts"
import type { Segment } from "../store/capture/segments.ts"
import { processes } from "../store/node/process.ts"
import { callOf } from "../store/scan/header-facts.ts"
import { complete, type EndHeader, RecordHeaderReader } from "../store/scan/record-header.ts"
import { sealedEnd } from "../store/scan/seal.ts"

type Place = { segment: string; offset: number }
type Reading = { splitter: LineSplitter; readBytes: number }
type Open = { call: Call; isAlive: (() => boolean) | undefined; wasKilled: boolean }

/** A call without its streams and environment, and what a list says of it. */
export type FedCall = { call: Call; summary: CallSummary }

const CALLS_AT_ONCE = 2_000
/** Pages are answered in between: a large capture is read for seconds. */
const BUSY_MS = 15

/**
 * Reads a capture once and then what is added to it. Streams are not kept: `read` fetches a call's lines again from
 * where they were.
 */
export class Feed {
  readonly #capture: Capture
  readonly #damage: ReadErrors
  readonly #readings = new Map<string, Reading>()
  readonly #open = new Map<string, Open>()
  readonly #places = new Map<string, { begin: Place; end?: Place }>()
  /** ends whose begin is in an older segment, which is read later */
  readonly #early = new Map<string, { end: EndHeader; place: Place }>()
  readonly #processOf = processes()
  readonly #head = new RecordHeaderReader(true)

  constructor(capture: Capture, damage: ReadErrors) {
    this.#capture = capture
    this.#damage = damage
  }

  /** The calls that began, ended or were found dead since the last time, newest segment first, in portions. */
  async *next(progress?: (readBytes: number, totalBytes: number) => void): AsyncGenerator<FedCall[]> {
    // Before reading: whose process is gone by now has written its end line, or never will.
    const dead = this.#capture.isLive ? this.#dead() : []
    const segments = (await this.#capture.segments()).toSorted((a, b) => (b.startMs ?? 0) - (a.startMs ?? 0))
    const totalBytes = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    let readBytes = 0
    for (const segment of segments) {
      yield* this.#read(segment, (bytes) => progress?.(readBytes + bytes, totalBytes))
      readBytes += segment.sizeBytes
    }
    for (const { place } of this.#early.values()) this.#damage.add("orphan", place.segment, place.offset)
    this.#early.clear()
    const killed = dead.filter((open) => this.#open.has(open.call.id))
    for (const open of killed) open.wasKilled = true
    if (killed.length > 0) yield killed.map(({ call }) => ({ call: { ...call, state: "killed" }, summary: {} }))
  }

  /** The whole call, streams included; undefined where its lines are no longer there (pruned). */
  async call(id: string): Promise<Call | undefined> {
    const place = this.#places.get(id)
    if (!place) return undefined
    const segments = await this.#capture.segments()
    const begin = await recordOf(segments, place.begin)
    const end = place.end && (await recordOf(segments, place.end))
    if (begin?.kind !== "begin" || (end !== undefined && end.kind !== "end")) return undefined
    // As it was last told: its process may be gone because it wrote the end line that is read next.
    const open = this.#open.get(id)
    return toCall(begin, end, open?.isAlive && (() => !open.wasKilled))
  }

  async *#read(segment: Segment, progress: (bytes: number) => void): AsyncGenerator<FedCall[]> {
    const reading = this.#readings.get(segment.name) ?? { splitter: new LineSplitter(), readBytes: 0 }
    this.#readings.set(segment.name, reading)
    if (segment.sizeBytes <= reading.readBytes) return
    const calls = new Map<string, FedCall>()
    let pauseMs = performance.now() + BUSY_MS
    for await (const chunk of segment.chunks(reading.readBytes)) {
      reading.readBytes += chunk.length
      for (const line of reading.splitter.push(chunk)) {
        const isRead = this.#readHead(line, segment.name)
        const fed = isRead ? this.#take({ segment: segment.name, offset: line.offset }) : undefined
        if (fed) calls.set(fed.call.id, fed)
        if (calls.size >= CALLS_AT_ONCE) yield flush(calls)
        if (performance.now() < pauseMs) continue
        await new Promise(setImmediate)
        pauseMs = performance.now() + BUSY_MS
      }
      progress(reading.readBytes)
    }
    if (calls.size > 0) yield flush(calls)
  }

  #readHead(line: Line, segment: string): boolean {
    const end = line.bytes ? sealedEnd(line.bytes, 0, line.bytes.length) : -1
    if (line.bytes && end >= 0 && this.#head.read(line.bytes, 0, end)) return true
    const record = toRecord(line, segment, this.#damage)
    if (record) this.#head.load(record)
    return record !== undefined
  }

  /** A begin line alone is a call in flight; it is said again, whole, when its end line comes. */
  #take(place: Place): FedCall | undefined {
    if (this.#head.kind === "end") {
      const end = this.#head.end()
      const open = this.#open.get(end.id)
      const known = this.#places.get(end.id)
      if (!open || !known) {
        this.#early.set(end.id, { end, place })
        return undefined
      }
      known.end = place
      this.#open.delete(end.id)
      return joined(open.call, end)
    }
    const call = callOf(this.#head)
    const early = this.#early.get(call.id)
    this.#early.delete(call.id)
    this.#places.set(call.id, { begin: place, ...(early ? { end: early.place } : {}) })
    if (early) return joined(call, early.end)
    if (call.as === "probe") return { call, summary: {} }
    const isAlive = this.#aliveTest(call)
    // A process that is gone by now may have written its end line after this reading: the next one tells.
    if (isAlive) call.state = "running"
    this.#open.set(call.id, { call, isAlive, wasKilled: false })
    return { call, summary: {} }
  }

  #aliveTest(begin: Pick<Begin, "node" | "pid" | "monoMs">): (() => boolean) | undefined {
    return this.#capture.isLive ? this.#processOf(begin) : undefined
  }

  #dead(): Open[] {
    return [...this.#open.values()].filter(({ isAlive, wasKilled }) => !wasKilled && isAlive && !isAlive())
  }
}

function flush(calls: Map<string, FedCall>): FedCall[] {
  const fed = [...calls.values()]
  calls.clear()
  return fed
}

function joined(open: Call, end: EndHeader): FedCall {
  const call = { ...open }
  complete(call, end)
  return { call, summary: end.summary }
}

async function recordOf(segments: Segment[], { segment: name, offset }: Place): Promise<Begin | End | undefined> {
  const segment = segments.find((candidate) => candidate.name === name)
  return segment && recordAt(segment, offset)
}
