import { readSync } from "node:fs"

/** A line without its newline, and where it starts. `bytes` is absent where the line was longer than anyone may write. */
export type Line = { offset: number; sizeBytes: number; bytes?: Buffer }

/**
 * No relay writes a longer line with the default stream cap (1 MiB a stream, at most six bytes for each in JSON); a
 * file that has one is skipped over, not loaded.
 */
export const MAX_LINE_BYTES = 64 * 1024 * 1024

export const NEWLINE = 10

/**
 * Cuts pieces of a file into lines. Every record starts and ends with a newline, so that empty lines mean nothing.
 * What follows the last newline is kept until more comes; `rest` tells it when no more will.
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
      const line = this.#take(chunk.subarray(from, to))
      this.#offset += line.sizeBytes + 1
      if (line.sizeBytes > 0) yield line
      from = to + 1
    }
    this.#hold(chunk.subarray(from))
  }

  /** The bytes after the last newline: the torn tail of a killed write, or one that is being written right now. */
  rest(): Line | undefined {
    const line = this.#take(Buffer.alloc(0))
    return line.sizeBytes > 0 ? line : undefined
  }

  #hold(piece: Buffer): void {
    this.#heldBytes += piece.length
    if (this.#heldBytes > MAX_LINE_BYTES) this.#held = []
    else if (piece.length > 0) this.#held.push(piece)
  }

  #take(last: Buffer): Line {
    const sizeBytes = this.#heldBytes + last.length
    const bytes = this.#held.length > 0 ? Buffer.concat([...this.#held, last]) : last
    this.#held = []
    this.#heldBytes = 0
    return { offset: this.#offset, sizeBytes, ...(sizeBytes > MAX_LINE_BYTES ? {} : { bytes }) }
  }
}

const PIECE_BYTES = 1024 * 1024

/** The line that starts at an offset, however long; one that no newline ends is the last of its file. */
export function longLineAt(file: number, offset: number): Line | undefined {
  const splitter = new LineSplitter(offset)
  for (let at = offset; ; ) {
    const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
    const readBytes = readSync(file, piece, 0, PIECE_BYTES, at)
    if (readBytes === 0) return splitter.rest()
    for (const line of splitter.push(piece.subarray(0, readBytes))) return line
    at += readBytes
  }
}
