import { readSync } from "node:fs"

/** A line without its newline, and where it starts. `bytes` is absent if the line exceeds `MAX_LINE_BYTES`. */
export type Line = { offset: number; sizeBytes: number; bytes?: Buffer }

/**
 * Longer than any line that a relay writes with the default stream limit (1 MiB per stream, at most six bytes in JSON
 * per byte). A longer line is skipped, not loaded into memory.
 */
export const MAX_LINE_BYTES = 64 * 1024 * 1024

export const NEWLINE = 10

/**
 * Splits chunks of a file into lines. Records start and end with a newline, so empty lines are ignored. Bytes after the
 * last newline are held until the next chunk; `rest` returns them at the end of the file.
 */
export class LineSplitter {
  #offset: number
  #held: Buffer[] = []
  #heldBytes = 0

  constructor(fromByte = 0) {
    this.#offset = fromByte
  }

  *push(chunk: Buffer): Generator<Line> {
    let from = 0
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      const line = this.#join(chunk.subarray(from, to))
      this.#offset += line.sizeBytes + 1
      if (line.sizeBytes > 0) yield line
      from = to + 1
    }
    this.#hold(chunk.subarray(from))
  }

  /** The bytes after the last newline: the torn tail of a killed write, or a write in progress. */
  rest(): Line | undefined {
    const line = this.#join(Buffer.alloc(0))
    return line.sizeBytes > 0 ? line : undefined
  }

  #hold(bytes: Buffer): void {
    this.#heldBytes += bytes.length
    if (this.#heldBytes > MAX_LINE_BYTES) this.#held = []
    else if (bytes.length > 0) this.#held.push(bytes)
  }

  #join(last: Buffer): Line {
    const sizeBytes = this.#heldBytes + last.length
    const bytes = this.#held.length > 0 ? Buffer.concat([...this.#held, last]) : last
    this.#held = []
    this.#heldBytes = 0
    return { offset: this.#offset, sizeBytes, ...(sizeBytes > MAX_LINE_BYTES ? {} : { bytes }) }
  }
}

const CHUNK_BYTES = 1024 * 1024

/** The line that starts at an offset, of any length. A line without a newline is the last one of its file. */
export function longLineAt(file: number, offset: number): Line | undefined {
  const splitter = new LineSplitter(offset)
  for (let at = offset; ; ) {
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    const readBytes = readSync(file, chunk, 0, CHUNK_BYTES, at)
    if (readBytes === 0) return splitter.rest()
    for (const line of splitter.push(chunk.subarray(0, readBytes))) return line
    at += readBytes
  }
}
