import type { Begin, End } from "../capture/record.ts"
import { type Call, toCall } from "../model/call.ts"
import type { Capture } from "../store/capture.ts"
import { Damage } from "../store/damage.ts"
import { LineSplitter } from "../store/lines.ts"
import { processes } from "../store/process.ts"
import { readRecords, toRecord } from "../store/records.ts"
import type { Segment } from "../store/segment.ts"

type Place = { segment: string; offset: number }
type Reading = { splitter: LineSplitter; readBytes: number }
type Open = { begin: Begin; isAlive: (() => boolean) | undefined; wasKilled: boolean }

const CALLS_AT_ONCE = 2_000
/** Pages are answered in between: a large capture is read for seconds. */
const BUSY_MS = 15

/**
 * Reads a capture once and then what is added to it. Streams are not kept: `read` fetches a call's lines again from
 * where they were.
 */
export class Feed {
  readonly #capture: Capture
  readonly #damage: Damage
  readonly #readings = new Map<string, Reading>()
  readonly #open = new Map<string, Open>()
  readonly #places = new Map<string, { begin: Place; end?: Place }>()
  /** ends whose begin is in an older segment, which is read later */
  readonly #early = new Map<string, { end: End; place: Place }>()
  readonly #processOf = processes()

  constructor(capture: Capture, damage: Damage) {
    this.#capture = capture
    this.#damage = damage
  }

  /** The calls that began, ended or were found dead since the last time, newest segment first, in portions. */
  async *next(progress?: (readBytes: number, totalBytes: number) => void): AsyncGenerator<Call[]> {
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
    const killed = dead.filter((open) => this.#open.has(open.begin.id))
    for (const open of killed) open.wasKilled = true
    if (killed.length > 0) yield killed.map(({ begin }) => toCall(begin, undefined, () => false))
  }

  /** The whole call, streams included; undefined where its lines are no longer there (pruned). */
  async call(id: string): Promise<Call | undefined> {
    const place = this.#places.get(id)
    if (!place) return undefined
    const segments = await this.#capture.segments()
    const begin = await recordAt(segments, place.begin)
    const end = place.end && (await recordAt(segments, place.end))
    if (begin?.kind !== "begin" || (end !== undefined && end.kind !== "end")) return undefined
    return toCall(begin, end, this.#open.get(id)?.isAlive ?? this.#aliveTest(begin))
  }

  async *#read(segment: Segment, progress: (bytes: number) => void): AsyncGenerator<Call[]> {
    const reading = this.#readings.get(segment.name) ?? { splitter: new LineSplitter(), readBytes: 0 }
    this.#readings.set(segment.name, reading)
    if (segment.sizeBytes <= reading.readBytes) return
    const calls = new Map<string, () => Call>()
    let pauseMs = performance.now() + BUSY_MS
    for await (const chunk of segment.chunks(reading.readBytes)) {
      reading.readBytes += chunk.length
      for (const line of reading.splitter.push(chunk)) {
        const record = toRecord(line, segment.name, this.#damage)
        const call = record && this.#take(record, { segment: segment.name, offset: line.offset })
        if (call && record) calls.set(record.id, call)
        if (calls.size >= CALLS_AT_ONCE) yield flush(calls)
        if (performance.now() < pauseMs) continue
        await new Promise(setImmediate)
        pauseMs = performance.now() + BUSY_MS
      }
      progress(reading.readBytes)
    }
    if (calls.size > 0) yield flush(calls)
  }

  /**
   * A begin line alone is a call in flight; it is said again, whole, when its end line comes. Most end within the same
   * portion, so that joining waits until the portion is full.
   */
  #take(record: Begin | End, place: Place): (() => Call) | undefined {
    if (record.kind === "begin") {
      const early = this.#early.get(record.id)
      this.#early.delete(record.id)
      this.#places.set(record.id, { begin: place, ...(early ? { end: early.place } : {}) })
      if (early || record.as === "probe") return () => toCall(record, early?.end)
      const isAlive = this.#aliveTest(record)
      this.#open.set(record.id, { begin: record, isAlive, wasKilled: false })
      // A process that is gone by now may have written its end line after this reading: the next one tells.
      return () => toCall(record, undefined, isAlive && (() => true))
    }
    const open = this.#open.get(record.id)
    const known = this.#places.get(record.id)
    if (!open || !known) {
      this.#early.set(record.id, { end: record, place })
      return undefined
    }
    known.end = place
    this.#open.delete(record.id)
    return () => toCall(open.begin, record)
  }

  #aliveTest(begin: Begin): (() => boolean) | undefined {
    return this.#capture.isLive ? this.#processOf(begin) : undefined
  }

  #dead(): Open[] {
    return [...this.#open.values()].filter(({ isAlive, wasKilled }) => !wasKilled && isAlive && !isAlive())
  }
}

const UNCOUNTED = new Damage()

function flush(calls: Map<string, () => Call>): Call[] {
  const joined = [...calls.values()].map((join) => join())
  calls.clear()
  return joined
}

async function recordAt(segments: Segment[], { segment: name, offset }: Place): Promise<Begin | End | undefined> {
  const segment = segments.find((candidate) => candidate.name === name)
  if (!segment) return undefined
  // Damage of the lines after it was counted when they were read first.
  for await (const located of readRecords(segment, UNCOUNTED, offset)) {
    return located.offset === offset ? located.record : undefined
  }
  return undefined
}
