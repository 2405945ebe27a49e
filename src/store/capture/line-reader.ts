import { closeSync, openSync, readSync } from "node:fs"
import type { CaptureRecord } from "../../capture/record.ts"
import { longLineAt, NEWLINE } from "./lines.ts"
import { ReadErrors } from "./read-errors.ts"
import { toRecord } from "./records.ts"
import type { Segment } from "./segments.ts"

const BUFFER_BYTES = 64 * 1024
const MOST_FILES = 4

/** An open segment. `bytes`: the part of `buffer` that was filled last; `fromByte`: its offset in the file. */
type OpenSegment = { path: string; file: number; fromByte: number; buffer: Buffer; bytes: Buffer }

/** Reads single records by their offsets. Records of one operation are close together, so the last bytes are cached. */
export class LineReader {
  #files: OpenSegment[] = []

  /** The record whose line starts at an offset; undefined if it was pruned or is incomplete. */
  record(segment: Segment, offset: number): CaptureRecord | undefined {
    const open = this.#open(segment.path)
    if (!open) return undefined
    const bytes = lineAt(open, offset)
    if (bytes) return toRecord({ offset, sizeBytes: bytes.length, bytes }, segment.name, new ReadErrors())
    const line = longLineAt(open.file, offset)
    return line && toRecord(line, segment.name, new ReadErrors())
  }

  close(): void {
    for (const { file } of this.#files) closeSync(file)
    this.#files = []
  }

  #open(path: string): OpenSegment | undefined {
    const known = this.#files.find((open) => open.path === path)
    if (known) return known
    try {
      const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
      const open = { path, file: openSync(path, "r"), fromByte: 0, buffer, bytes: buffer.subarray(0, 0) }
      this.#files.push(open)
      const [oldest] = this.#files.length > MOST_FILES ? this.#files.splice(0, 1) : []
      if (oldest) closeSync(oldest.file)
      return open
    } catch {
      return undefined
    }
  }
}

/** Valid until the next line is read. Undefined if the line is empty, unterminated, or longer than the buffer. */
function lineAt(open: OpenSegment, offset: number): Buffer | undefined {
  const cached = cachedLine(open, offset)
  if (cached) return cached
  open.bytes = read(open.file, offset, open.buffer)
  open.fromByte = offset
  return cachedLine(open, offset)
}

function cachedLine({ fromByte, bytes }: OpenSegment, offset: number): Buffer | undefined {
  const begin = offset - fromByte
  if (begin < 0 || begin >= bytes.length) return undefined
  const end = bytes.indexOf(NEWLINE, begin)
  return end <= begin ? undefined : bytes.subarray(begin, end)
}

function read(file: number, at: number, into: Buffer): Buffer {
  return into.subarray(0, readSync(file, into, 0, into.length, at))
}
