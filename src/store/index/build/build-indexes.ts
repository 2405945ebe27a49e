import { rmSync } from "node:fs"
import { join } from "node:path"
import { indexedSegment } from "../../../capture/segment-name.ts"
import { Fault } from "../../../fault/fault.ts"
import type { Capture } from "../../capture/capture.ts"
import { namesLike } from "../../capture/directory.ts"
import type { Progress } from "../../capture/progress.ts"
import { isSealed, type Segment } from "../../capture/segments.ts"
import { blockRanges } from "../block.ts"
import { type IndexFile, IndexWriter } from "../index-file.ts"
import { Threads } from "./threads.ts"

/** Fewer are indexed sooner than threads have started. */
const THREADS_FROM_BYTES = 2 * 1024 * 1024

/** Builds the index of each segment, and removes the indexes of segments that are gone. */
export async function buildIndexes(
  capture: Capture,
  segments: readonly Segment[],
  progress?: Progress,
): Promise<Map<Segment, IndexFile>> {
  const allBytes = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  let doneBytes = 0
  const blocks = segments.reduce((sum, { sizeBytes }) => sum + blockRanges(sizeBytes).length, 0)
  const threads = await Threads.start(allBytes < THREADS_FROM_BYTES ? 1 : blocks)
  const done = (bytes: number) => {
    doneBytes += bytes
    progress?.(doneBytes, allBytes)
  }
  try {
    const built = new Map<Segment, IndexFile>()
    // As many segments at a time as there are threads: no thread waits for the last block of a segment.
    const queue = [...segments]
    const take = async () => {
      for (let segment = queue.shift(); segment; segment = queue.shift())
        built.set(segment, await buildIndex(segment, isSealed(segment), threads, done))
    }
    await Promise.all(Array.from({ length: Math.max(1, threads.count) }, take))
    await removeOrphans(capture)
    return built
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
    // Blocks are written in order; no more of them wait in memory than there are threads.
    const ranges = blockRanges(segment.sizeBytes)
    const ahead: ReturnType<Threads["work"]>[] = []
    let next = 0
    while (next < ranges.length || ahead.length > 0) {
      for (let range = ranges[next]; range && ahead.length <= threads.count; range = ranges[++next])
        ahead.push(threads.work({ path, name, range }))
      const one = await ahead.shift()
      if (!one || !("built" in one)) break
      writer.add(one.built)
      done(one.built.header.toByte - one.built.header.fromByte)
    }
    return writer.finish()
  } catch (error) {
    writer.abandon()
    if (isKept && isDiskTrouble(error)) return buildIndex(segment, false, threads, done)
    throw error
  }
}

function openWriter(segment: Segment, mayKeep: boolean): { writer: IndexWriter; isKept: boolean } {
  if (mayKeep) {
    try {
      return { writer: new IndexWriter(segment, true), isKept: true }
    } catch {
      // The directory cannot be written, or another process is building the same index.
    }
  }
  try {
    return { writer: new IndexWriter(segment, false), isKept: false }
  } catch (error) {
    throw new Fault(
      "NOT_PERMITTED",
      `cannot create a temporary file: ${(error as Error).message}`,
      "Set TMPDIR to a writable directory.",
      error,
    )
  }
}

function isDiskTrouble(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EIO", "EROFS"].includes(String((error as NodeJS.ErrnoException).code))
}

/** Removes indexes of segments that the relay pruned, if this process is allowed to. */
async function removeOrphans({ directories, segments }: Capture): Promise<void> {
  const existing = new Set((await segments()).map(({ path }) => path))
  for (const directory of directories) {
    const indexes = [...namesLike(directory, (name) => indexedSegment(name) !== undefined)]
    for (const name of indexes)
      if (!existing.has(join(directory, indexedSegment(name) ?? ""))) removeIfAllowed(join(directory, name))
  }
}

function removeIfAllowed(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // The index of another user: it stays and does no harm.
  }
}
