import { closeSync, openSync, readSync } from "node:fs"
import { longLineAt, NEWLINE } from "../../capture/lines.ts"
import { readingFault } from "../../capture/segments.ts"
import type { ByteRange } from "../block.ts"

/** Small enough to be still in the processor's cache when it is scanned. */
const CHUNK_BYTES = 256 * 1024

/** Shared by all blocks: the facts of a piece are copied out of it before the next one is read. */
let sharedBuffer: Buffer | undefined

/**
 * The lines that start in a block, in pieces of many whole lines. A line that crosses the block's end is read to its end;
 * the rest of a line that started before the block is skipped.
 */
export class BlockPieces {
  /** holds whole lines up to `to` */
  bytes: Buffer
  to = 0
  /** position of the first of `bytes` in the segment */
  offset = 0
  /** the piece is one line that is longer than the format allows: its bytes are not read */
  isOversize = false

  readonly #file: number | undefined
  readonly #endByte: number
  readonly #buffer: Buffer
  /** of the next piece */
  #start: number

  constructor(path: string, { fromByte, toByte }: ByteRange) {
    sharedBuffer ??= Buffer.allocUnsafeSlow(CHUNK_BYTES)
    this.#buffer = sharedBuffer
    this.bytes = sharedBuffer
    this.#endByte = toByte
    this.#file = openSegment(path)
    this.#start = this.#file === undefined || fromByte === 0 ? 0 : firstStart(this.#file, fromByte, toByte)
  }

  /** Moves to the next piece; false if there is none. */
  next(): boolean {
    if (this.#file === undefined || this.#start < 0 || this.#start >= this.#endByte) return false
    const buffer = this.#buffer
    this.offset = this.#start
    this.to = this.#endOfLines(readSync(this.#file, buffer, 0, CHUNK_BYTES, this.#start))
    if (this.to === 0) return this.#readLong(this.#file)
    this.bytes = buffer
    this.isOversize = false
    this.#start += this.to
    return true
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
  }

  /** After the newline of the last line that is whole and starts in the block; 0 if there is none. */
  #endOfLines(readBytes: number): number {
    const bytes = this.#buffer.subarray(0, readBytes)
    const last = this.#endByte - this.#start - 1
    const newline = last < readBytes ? bytes.indexOf(NEWLINE, last) : -1
    return (newline < 0 ? bytes.lastIndexOf(NEWLINE) : newline) + 1
  }

  /** A line that does not fit into the buffer, or the last one without a newline. */
  #readLong(file: number): boolean {
    const line = longLineAt(file, this.#start)
    if (!line) return false
    this.bytes = line.bytes ?? Buffer.alloc(0)
    this.to = this.bytes.length
    this.isOversize = line.bytes === undefined
    this.#start += line.sizeBytes + 1
    return true
  }
}

/** Where the first line of the block starts; -1 if no line starts in it. */
export function firstStart(file: number, fromByte: number, toByte: number): number {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  // If the byte before the block is a newline, a line starts at the block's first byte.
  for (let at = fromByte - 1; at < toByte - 1; at += CHUNK_BYTES) {
    const readBytes = readSync(file, chunk, 0, Math.min(CHUNK_BYTES, toByte - 1 - at), at)
    const found = chunk.subarray(0, readBytes).indexOf(NEWLINE)
    if (found >= 0) return at + found + 1
    if (readBytes === 0) return -1
  }
  return -1
}

export function openSegment(path: string): number | undefined {
  try {
    return openSync(path, "r")
  } catch (error) {
    const fault = readingFault(path, error)
    if (fault) throw fault
    return undefined
  }
}
