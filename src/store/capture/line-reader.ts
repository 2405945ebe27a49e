import { closeSync, openSync, readSync } from "node:fs"
import type { CaptureRecord } from "../../capture/record.ts"
import { longLineAt, NEWLINE } from "./lines.ts"
import { ReadErrors } from "./read-errors.ts"
import { toRecord } from "./records.ts"
import type { Segment } from "./segments.ts"

const WINDOW_BYTES = 64 * 1024
const FILES = 4

/** `bytes`: those that were read last, of `buffer` */
type Window = { path: string; file: number; from: number; buffer: Buffer; bytes: Buffer }

/** Reads single records by their place. Those of one operation lie near each other: what was read last is kept. */
export class LineReader {
  #windows: Window[] = []

  /** The record whose line starts at an offset; undefined where it was pruned or is not whole. */
  record(segment: Segment, offset: number): CaptureRecord | undefined {
    const window = this.#window(segment.path)
    if (!window) return undefined
    const bytes = lineAt(window, offset)
    if (bytes) return toRecord({ offset, sizeBytes: bytes.length, bytes }, segment.name, new ReadErrors())
    const line = longLineAt(window.file, offset)
    return line && toRecord(line, segment.name, new ReadErrors())
  }

  close(): void {
    for (const { file } of this.#windows) closeSync(file)
    this.#windows = []
  }

  #window(path: string): Window | undefined {
    const known = this.#windows.find((window) => window.path === path)
    if (known) return known
    try {
      const buffer = Buffer.allocUnsafeSlow(WINDOW_BYTES)
      const window = { path, file: openSync(path, "r"), from: 0, buffer, bytes: buffer.subarray(0, 0) }
      this.#windows.push(window)
      const [oldest] = this.#windows.length > FILES ? this.#windows.splice(0, 1) : []
      if (oldest) closeSync(oldest.file)
      return window
    } catch {
      return undefined
    }
  }
}

/** Bytes that are good until the next are read; undefined where the line is empty, not ended, or longer than a window. */
function lineAt(window: Window, offset: number): Buffer | undefined {
  const known = lineIn(window, offset)
  if (known) return known
  window.bytes = read(window.file, offset, window.buffer)
  window.from = offset
  return lineIn(window, offset)
}

function lineIn({ from, bytes }: Window, offset: number): Buffer | undefined {
  const begin = offset - from
  if (begin < 0 || begin >= bytes.length) return undefined
  const end = bytes.indexOf(NEWLINE, begin)
  return end <= begin ? undefined : bytes.subarray(begin, end)
}

function read(file: number, at: number, into: Buffer): Buffer {
  return into.subarray(0, readSync(file, into, 0, into.length, at))
}
