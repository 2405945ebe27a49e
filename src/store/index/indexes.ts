import { unlink } from "node:fs/promises"
import { join } from "node:path"
import { Fault } from "../../fault/fault.ts"
import type { Capture } from "../capture/capture.ts"
import type { Segment } from "../capture/segments.ts"
import { namesLike } from "../query/names.ts"
import { placesOf } from "./block.ts"
import { type IndexFile, IndexWriter, indexedSegment, openIndex } from "./index-file.ts"
import { Threads } from "./threads.ts"

/** Told how far the scan is; both in bytes. */
export type Progress = (doneBytes: number, allBytes: number) => void

const HOUR_MS = 3_600_000
/** A call that began in the hour may write its line somewhat later. */
const SEALED_MS = 10_000

/**
 * The indexes of some segments: those beside them, and for the rest new ones, which are left beside segments whose hour
 * is past. Where that may not be written they are kept without a name until this process ends.
 */
export async function openIndexes(capture: Capture, segments: Segment[], progress?: Progress): Promise<IndexFile[]> {
  const found = segments.map((segment) => (segment.startMs === undefined ? undefined : openIndex(segment)))
  const missing = segments.filter((_, at) => !found[at])
  if (missing.length === 0) return found.filter((index) => index !== undefined)
  const allBytes = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  let doneBytes = 0
  const threads = new Threads(missing.reduce((sum, { sizeBytes }) => sum + placesOf(sizeBytes).length, 0))
  const done = (bytes: number) => {
    doneBytes += bytes
    progress?.(doneBytes, allBytes)
  }
  try {
    const built = new Map<Segment, IndexFile>()
    // As many segments at a time as threads, so that none waits for the last block of another.
    const queue = [...missing]
    const take = async () => {
      for (let segment = queue.shift(); segment; segment = queue.shift())
        built.set(segment, await buildIndex(segment, isSealed(segment), threads, done))
    }
    await Promise.all(Array.from({ length: Math.max(1, threads.count) }, take))
    if (capture.isLive) await removeOrphans(capture)
    return segments.map((segment, at) => found[at] ?? built.get(segment)).filter((index) => index !== undefined)
  } finally {
    await threads.close()
  }
}

async function buildIndex(
  segment: Segment,
  mayKeep: boolean,
  threads: Threads,
  done: (bytes: number) => void,
): Promise<IndexFile> {
  const { path, name } = segment
  const { writer, isKept } = openWriter(segment, mayKeep)
  try {
    // Blocks are written in their order; no more of them wait than threads make.
    const places = placesOf(segment.sizeBytes)
    const ahead: ReturnType<Threads["work"]>[] = []
    let next = 0
    while (next < places.length || ahead.length > 0) {
      for (let place = places[next]; place && ahead.length <= threads.count; place = places[++next])
        ahead.push(threads.work({ path, name, place }))
      const one = await ahead.shift()
      if (!one || !("built" in one)) break
      writer.add(one.built)
      done(one.built.head.toByte - one.built.head.fromByte)
    }
    return writer.finish()
  } catch (error) {
    writer.abandon()
    if (isKept && isDiskTrouble(error)) return buildIndex(segment, false, threads, done)
    throw error
  }
}

function isSealed({ startMs }: Segment): boolean {
  return startMs !== undefined && startMs + HOUR_MS + SEALED_MS < Date.now()
}

function openWriter(segment: Segment, mayKeep: boolean): { writer: IndexWriter; isKept: boolean } {
  if (mayKeep) {
    try {
      return { writer: new IndexWriter(segment, true), isKept: true }
    } catch {
      // A directory that may not be written, or another reader at the same work.
    }
  }
  try {
    return { writer: new IndexWriter(segment, false), isKept: false }
  } catch (error) {
    throw new Fault(
      "NOT_PERMITTED",
      `no temporary file can be made: ${(error as Error).message}`,
      "Name a directory that may be written in $TMPDIR.",
      error,
    )
  }
}

function isDiskTrouble(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EIO", "EROFS"].includes(String((error as NodeJS.ErrnoException).code))
}

/** Indexes of segments that the relay pruned. Whoever may not remove them leaves them. */
async function removeOrphans({ path, segments }: Capture): Promise<void> {
  const there = new Set((await segments()).map(({ name }) => name))
  const orphans = [...namesLike(path, (name) => indexedSegment(name) !== undefined)]
  for (const name of orphans)
    if (!there.has(indexedSegment(name) ?? "")) await unlink(join(path, name)).catch(() => undefined)
}
