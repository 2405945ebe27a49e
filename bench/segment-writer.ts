import { closeSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { encode } from "../src/capture/encode.ts"
import type { CaptureRecord } from "../src/capture/record.ts"
import { segmentName } from "../src/capture/segment-name.ts"
import { checksum } from "../src/store/capture/checksum.ts"

export type TimedRecord = { wallMs: number; record: CaptureRecord }

const BUFFER_BYTES = 8 * 1024 * 1024

/** Writes records in time order, each to the segment of its hour. */
export class SegmentWriter {
  readonly #directory: string
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  #used = 0
  #name = ""
  #file: number | undefined
  sizeBytes = 0

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Writes and removes the records before that time: no earlier one can follow. */
  writeUntil(lines: TimedRecord[], wallMs: number): void {
    let count = 0
    for (const line of lines) {
      if (line.wallMs >= wallMs) break
      this.#write(line.record)
      count++
    }
    lines.splice(0, count)
  }

  close(): void {
    this.flush()
    if (this.#file !== undefined) closeSync(this.#file)
  }

  #write(record: CaptureRecord): void {
    const name = segmentName(record.wallMs)
    if (name !== this.#name) {
      this.close()
      this.#name = name
      this.#file = openSync(join(this.#directory, name), "ax", 0o600)
    }
    const text = encode(record, checksum)
    if (this.#used + 4 * text.length > BUFFER_BYTES) this.flush()
    this.#used += this.#buffer.write(text, this.#used)
  }

  flush(): void {
    if (this.#file === undefined || this.#used === 0) return
    writeSync(this.#file, this.#buffer, 0, this.#used)
    this.sizeBytes += this.#used
    this.#used = 0
  }
}
