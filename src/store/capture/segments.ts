import { promises, type Stats, statSync } from "node:fs"
import { join } from "node:path"
import { isSegmentName, SEGMENT_INTERVAL_MS, segmentStartMs } from "../../capture/segment-name.ts"
import { Fault } from "../../fault/fault.ts"
import { namesLike } from "./directory.ts"
import { NEWLINE } from "./lines.ts"

/** A file of a capture: JSON Lines in the order they were appended. A bundle is a single segment. */
export type Segment = {
  /** file name, for messages; of several captures the path, because their segments may have the same names */
  name: string
  path: string
  sizeBytes: number
  modifiedMs: number
  /** of its file: a segment of the same name and another inode was written after the first was removed */
  inode: number
  /** start of its hour, milliseconds since 1970; absent for a bundle */
  startMs?: number
  /** raw bytes from an offset to the end of the file */
  chunks(fromByte?: number): AsyncIterable<Buffer>
}

/** The segments of a capture directory, oldest first. Other files are ignored. */
export async function listSegments(directory: string): Promise<Segment[]> {
  return statSegments(directory, segmentNames(directory))
}

/** Resolution of directory times: two changes within it may leave the same modification time. */
const TIME_GRAIN_MS = 100

/** Lists segments repeatedly. The directory is read only after it changed, because it may contain a million files. */
export function segmentLister(directory: string): () => Promise<Segment[]> {
  let cached: { names: string[]; modifiedMs: number } | undefined
  return async () => {
    const { mtimeMs } = statSync(directory)
    if (cached?.modifiedMs !== mtimeMs) {
      const isSettled = Date.now() - mtimeMs > TIME_GRAIN_MS
      const names = segmentNames(directory)
      cached = isSettled ? { names, modifiedMs: mtimeMs } : undefined
      return statSegments(directory, names)
    }
    return statSegments(directory, cached.names)
  }
}

function segmentNames(directory: string): string[] {
  return [...namesLike(directory, isSegmentName)].sort()
}

async function statSegments(directory: string, names: string[]): Promise<Segment[]> {
  const segments = await Promise.all(
    names.map(async (name) => {
      const startMs = segmentStartMs(name)
      const segment = startMs === undefined ? undefined : await fileSegment(join(directory, name), name)
      return segment && startMs !== undefined ? { ...segment, startMs } : undefined
    }),
  )
  return segments.filter((segment) => segment !== undefined)
}

/** A file as a segment. Undefined if it does not exist: it may be pruned after it was listed. */
export async function fileSegment(path: string, name: string): Promise<Segment | undefined> {
  const found = statIfPossible(path)
  if (!found?.isFile()) return undefined
  return {
    name,
    path,
    sizeBytes: found.size,
    modifiedMs: found.mtimeMs,
    inode: found.ino,
    chunks: (fromByte) => fileChunks(path, fromByte),
  }
}

function statIfPossible(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    // Pruned, or in a directory that this user may not search: the caller reports what is missing.
    return undefined
  }
}

/** Calls in flight began in one of the last two hours: the segments of these, or of all captures that have no hours. */
export function recentSegments(segments: readonly Segment[]): Segment[] {
  const hours = [...new Set(segments.map(({ startMs = 0 }) => startMs))].sort((a, b) => b - a)
  const fromMs = hours[1] ?? 0
  return segments.filter(({ startMs }) => startMs === undefined || startMs >= fromMs)
}

/** A call of the past hour may still be writing its line. */
export const SEALED_MS = 10_000

/** Whether no relay appends to the segment any more: its hour is over. */
export function isSealed({ startMs }: Segment): boolean {
  return startMs !== undefined && startMs + SEGMENT_INTERVAL_MS + SEALED_MS < Date.now()
}

const CHUNK_BYTES = 4 * 1024 * 1024

async function* fileChunks(path: string, fromByte = 0): AsyncGenerator<Buffer> {
  const file = await openForReading(path)
  if (!file) return
  try {
    for (let at = fromByte; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(CHUNK_BYTES), 0, CHUNK_BYTES, at)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      at += bytesRead
    }
  } finally {
    await file.close()
  }
}

async function openForReading(path: string) {
  try {
    return await promises.open(path)
  } catch (error) {
    const fault = readingFault(path, error)
    if (fault) throw fault
    return undefined
  }
}

const TAIL_BYTES = 64 * 1024

/** The segments of a live capture up to the ends of complete lines: a relay may be in the middle of a write. */
export async function completeSegments(capture: {
  isLive: boolean
  segments(): Promise<Segment[]>
}): Promise<Segment[]> {
  const listed = await capture.segments()
  if (!capture.isLive) return listed
  return Promise.all(listed.map((segment) => (isSealed(segment) ? segment : completeLines(segment))))
}

/** Up to the end of its last complete line. */
async function completeLines(segment: Segment): Promise<Segment> {
  const file = await openForReading(segment.path)
  if (!file) return segment
  try {
    for (let to = segment.sizeBytes; to > 0; to -= TAIL_BYTES) {
      const from = Math.max(0, to - TAIL_BYTES)
      const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from)
      const newline = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE)
      if (newline >= 0) return { ...segment, sizeBytes: from + newline + 1 }
    }
    return { ...segment, sizeBytes: 0 }
  } finally {
    await file.close()
  }
}

/** The Fault for a segment that cannot be opened. Undefined if it was pruned: then there is nothing to read. */
export function readingFault(path: string, error: unknown): Error | undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code === "ENOENT") return undefined
  if (code === "EACCES" || code === "EPERM")
    return new Fault(
      "NOT_PERMITTED",
      `permission denied: cannot read ${path}`,
      "Run as root, or as the user that runs the plugins.",
    )
  return error as Error
}
