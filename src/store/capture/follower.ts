import { type FSWatcher, watch } from "node:fs"
import type { Begin } from "../../capture/record.ts"
import { type Call, toCall } from "../../model/call.ts"
import { processes } from "../node/process.ts"
import type { Capture } from "./capture.ts"
import { LineSplitter } from "./lines.ts"
import type { ReadErrors } from "./read-errors.ts"
import { toRecord } from "./records.ts"
import type { Segment } from "./segments.ts"

type Reading = { splitter: LineSplitter; readBytes: number }

/** Reads a capture that grows: each `next` gives the calls that ended, or were found killed, since the last one. */
export class Follower {
  readonly #capture: Capture
  readonly #damage: ReadErrors
  readonly #readings = new Map<string, Reading>()
  readonly #open = new Map<string, { begin: Begin; isAlive: (() => boolean) | undefined }>()
  readonly #processOf = processes()

  constructor(capture: Capture, damage: ReadErrors) {
    this.#capture = capture
    this.#damage = damage
  }

  /** What is in it now is not wanted. */
  skip(segment: Segment): void {
    const { sizeBytes } = segment
    this.#readings.set(segment.name, { splitter: new LineSplitter(sizeBytes), readBytes: sizeBytes })
  }

  async *next(): AsyncGenerator<Call> {
    // Looked up before reading: whose process is gone by now has written its end line, or never will.
    const dead = [...this.#open.values()].filter(({ isAlive }) => isAlive && !isAlive())
    const segments = await this.#capture.segments()
    for (const segment of segments) yield* this.#read(segment)
    for (const { begin } of dead) {
      if (this.#open.delete(begin.id)) yield toCall(begin, undefined, () => false)
    }
    this.#forgetPruned(segments)
  }

  async *#read(segment: Segment): AsyncGenerator<Call> {
    const reading = this.#readings.get(segment.name) ?? { splitter: new LineSplitter(), readBytes: 0 }
    this.#readings.set(segment.name, reading)
    if (segment.sizeBytes <= reading.readBytes) return
    for await (const chunk of segment.chunks(reading.readBytes)) {
      reading.readBytes += chunk.length
      for (const line of reading.splitter.push(chunk)) {
        const record = toRecord(line, segment.name, this.#damage)
        if (record?.kind === "begin") {
          if (record.as === "probe") yield toCall(record, undefined)
          else this.#open.set(record.id, { begin: record, isAlive: this.#processOf(record) })
        } else if (record) {
          const open = this.#open.get(record.id)
          // The beginning of a call that was in flight when following began lies in what was skipped.
          if (!open) continue
          this.#open.delete(record.id)
          yield toCall(open.begin, record)
        }
      }
    }
  }

  #forgetPruned(segments: Segment[]): void {
    const there = new Set(segments.map(({ name }) => name))
    for (const name of this.#readings.keys()) if (!there.has(name)) this.#readings.delete(name)
  }
}

const POLL_MS = 50
/** inotify tells of every append; many come at once. */
const CALM_MS = 10

/** Resolves soon after something was written in the directory; the poll covers file systems that tell nothing. */
export class Changes {
  readonly #watcher: FSWatcher | undefined
  #wake: (() => void) | undefined

  constructor(directory: string) {
    try {
      this.#watcher = watch(directory, () => this.#wake?.())
      this.#watcher.on("error", () => this.#watcher?.close())
    } catch {
      // No inotify watch left, or none on this file system: the poll does.
      this.#watcher = undefined
    }
  }

  async wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS)
      this.#wake = () => {
        clearTimeout(timer)
        setTimeout(resolve, CALM_MS)
      }
    })
    this.#wake = undefined
  }

  close(): void {
    this.#watcher?.close()
    this.#wake?.()
  }
}
