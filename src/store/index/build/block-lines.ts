import { closeSync, openSync, readSync } from "node:fs"
import { longLineAt } from "../../capture/lines.ts"
import { readingFault } from "../../capture/segments.ts"
import { checkSeals, type Lines, sealedEnd } from "../../scan/seal.ts"
import type { ByteRange } from "../block.ts"

/** Small enough to be still in the processor's cache when it is scanned. */
const CHUNK_BYTES = 256 * 1024
const NEWLINE = 10

/** Shared by all blocks: the facts of a line are copied out of it before the next line is read. */
let sharedBuffer: Buffer | undefined

/**
 * The lines that start in a block, one after the other in the same fields. A line that crosses the block's end is read
 * to its end; the rest of a line that started before the block is skipped.
 */
export class BlockLines {
  /** holds the line from `from` to `to`; a newline or the end of the file follows */
  bytes: Buffer
  from = 0
  to = 0
  /** end of the bytes that the seal covers; -1 if the seal is wrong */
  sealedEnd = -1
  /** from the start of the segment */
  offset = 0
  /** longer than a record can be: its bytes were not read */
  isOversize = false

  readonly #file: number | undefined
  readonly #endByte: number
  readonly #buffer: Buffer
  /** offset of the buffer's first byte in the segment, its filled bytes, and how many of them were split into lines */
  #start: number
  #filledBytes = 0
  #splitBytes = 0
  /** the lines that were split off, and the next of them */
  readonly #lines = newLines()
  #next = 0

  constructor(path: string, { fromByte, toByte }: ByteRange) {
    sharedBuffer ??= Buffer.allocUnsafeSlow(CHUNK_BYTES)
    this.#buffer = sharedBuffer
    this.bytes = sharedBuffer
    this.#endByte = toByte
    this.#file = openSegment(path)
    this.#start = this.#file === undefined || fromByte === 0 ? 0 : firstStart(this.#file, fromByte, toByte)
  }

  /** Advances to the next line; false at the end. */
  next(): boolean {
    if (this.#file === undefined || this.#start < 0) return false
    while (this.#next === this.#lines.count) {
      if (this.#start + this.#splitBytes >= this.#endByte) return false
      this.#split()
      if (this.#next < this.#lines.count || this.#start + this.#splitBytes >= this.#endByte) continue
      if (!this.#fill(this.#file)) return this.#readLong(this.#file)
    }
    const line = this.#next++
    this.bytes = this.#buffer
    this.from = this.#lines.from[line] ?? 0
    this.to = this.#lines.to[line] ?? 0
    this.sealedEnd = this.#lines.sealedEnd[line] ?? -1
    this.offset = this.#start + this.from
    this.isOversize = false
    return true
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
  }

  /** Splits the buffer's bytes into lines, as many as `#lines` has room for. */
  #split(): void {
    const lines = this.#lines
    let from = this.#splitBytes
    this.#next = 0
    for (lines.count = 0; lines.count < LINES && this.#start + from < this.#endByte; ) {
      const to = this.#buffer.indexOf(NEWLINE, from)
      if (to < 0 || to >= this.#filledBytes) break
      if (to > from) {
        lines.from[lines.count] = from
        lines.to[lines.count++] = to
      }
      from = to + 1
    }
    this.#splitBytes = from
    checkSeals(this.#buffer, from, lines)
  }

  /** False if the buffer is full or the file at its end. */
  #fill(file: number): boolean {
    this.#buffer.copyWithin(0, this.#splitBytes, this.#filledBytes)
    this.#start += this.#splitBytes
    this.#filledBytes -= this.#splitBytes
    this.#splitBytes = 0
    const readBytes = readSync(
      file,
      this.#buffer,
      this.#filledBytes,
      CHUNK_BYTES - this.#filledBytes,
      this.#start + this.#filledBytes,
    )
    this.#filledBytes += readBytes
    return readBytes > 0
  }

  /** A line that does not fit into the buffer, or the last one without a newline. */
  #readLong(file: number): boolean {
    const line = longLineAt(file, this.#start)
    if (!line) return false
    this.bytes = line.bytes ?? Buffer.alloc(0)
    this.from = 0
    this.to = this.bytes.length
    this.offset = this.#start
    this.isOversize = line.bytes === undefined
    this.sealedEnd = line.bytes ? sealedEnd(line.bytes, 0, line.bytes.length) : -1
    this.#start += line.sizeBytes + 1
    this.#filledBytes = 0
    return true
  }
}

const LINES = 1024

function newLines(): Lines {
  return { count: 0, from: new Int32Array(LINES), to: new Int32Array(LINES), sealedEnd: new Int32Array(LINES) }
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
