import { closeSync, openSync, readSync } from "node:fs"
import { longLineAt } from "../capture/lines.ts"
import { readingFault } from "../capture/segments.ts"
import { checkSeals, type Lines, sealedEnd } from "../scan/seal.ts"
import type { Place } from "./block.ts"

/** What the kernel copies into it is still in the processor's cache when it is read. */
const CHUNK_BYTES = 256 * 1024
const NEWLINE = 10

/** One for all blocks: what a line tells is copied out of it before the next one is asked for. */
let window: Buffer | undefined

/**
 * Lines that start in a block, one after the other in the same fields. One that goes on beyond it is read to its end;
 * one from before is skipped.
 */
export class BlockLines {
  /** where the line is: a newline follows it, or nothing */
  bytes: Buffer
  from = 0
  to = 0
  /** where what its seal covers ends; -1 where that does not fit */
  sealedEnd = -1
  /** from the start of the segment */
  offset = 0
  /** longer than anyone may write: there are no bytes of it */
  isOversize = false

  readonly #file: number | undefined
  readonly #endByte: number
  readonly #window: Buffer
  /** offset of the window's first byte, how many it holds, and how far they were taken */
  #start: number
  #heldBytes = 0
  #taken = 0
  /** those that were cut, and which of them comes next */
  readonly #lines = newLines()
  #next = 0

  constructor(path: string, { fromByte, toByte }: Place) {
    window ??= Buffer.allocUnsafeSlow(CHUNK_BYTES)
    this.#window = window
    this.bytes = window
    this.#endByte = toByte
    this.#file = openSegment(path)
    this.#start = this.#file === undefined || fromByte === 0 ? 0 : firstStart(this.#file, fromByte, toByte)
  }

  /** Goes to the next line; false where there is none. */
  next(): boolean {
    if (this.#file === undefined || this.#start < 0) return false
    while (this.#next === this.#lines.count) {
      if (this.#start + this.#taken >= this.#endByte) return false
      this.#cut()
      if (this.#next < this.#lines.count || this.#start + this.#taken >= this.#endByte) continue
      if (!this.#fill(this.#file)) return this.#takeLong(this.#file)
    }
    const line = this.#next++
    this.bytes = this.#window
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

  /** Cuts what the window holds into lines, as many as there is room for. */
  #cut(): void {
    const lines = this.#lines
    let from = this.#taken
    this.#next = 0
    for (lines.count = 0; lines.count < LINES && this.#start + from < this.#endByte; ) {
      const to = this.#window.indexOf(NEWLINE, from)
      if (to < 0 || to >= this.#heldBytes) break
      if (to > from) {
        lines.from[lines.count] = from
        lines.to[lines.count++] = to
      }
      from = to + 1
    }
    this.#taken = from
    checkSeals(this.#window, from, lines)
  }

  /** False where the window is full, or the file at its end. */
  #fill(file: number): boolean {
    this.#window.copyWithin(0, this.#taken, this.#heldBytes)
    this.#start += this.#taken
    this.#heldBytes -= this.#taken
    this.#taken = 0
    const readBytes = readSync(
      file,
      this.#window,
      this.#heldBytes,
      CHUNK_BYTES - this.#heldBytes,
      this.#start + this.#heldBytes,
    )
    this.#heldBytes += readBytes
    return readBytes > 0
  }

  /** A line that the window does not hold, or that no newline ends. */
  #takeLong(file: number): boolean {
    const line = longLineAt(file, this.#start)
    if (!line) return false
    this.bytes = line.bytes ?? Buffer.alloc(0)
    this.from = 0
    this.to = this.bytes.length
    this.offset = this.#start
    this.isOversize = line.bytes === undefined
    this.sealedEnd = line.bytes ? sealedEnd(line.bytes, 0, line.bytes.length) : -1
    this.#start += line.sizeBytes + 1
    this.#heldBytes = 0
    return true
  }
}

const LINES = 1024

function newLines(): Lines {
  return { count: 0, from: new Int32Array(LINES), to: new Int32Array(LINES), sealedEnd: new Int32Array(LINES) }
}

/** Where the first line starts in the block; -1 where none does. */
export function firstStart(file: number, fromByte: number, toByte: number): number {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  // The newline before the block makes its first byte a start.
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
