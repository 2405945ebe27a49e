import type { Capture } from "../../capture/capture.ts"
import type { Progress } from "../../capture/progress.ts"
import type { Segment } from "../../capture/segments.ts"
import { type IndexFile, openIndex } from "../index-file.ts"

/**
 * The indexes of some segments. Missing ones are built, and stored beside segments of a past hour. If the directory
 * cannot be written, they live in unnamed temporary files until this process ends.
 */
export async function openIndexes(capture: Capture, segments: Segment[], progress?: Progress): Promise<IndexFile[]> {
  const found = segments.map(storedIndex)
  const missing = segments.filter((_, at) => !found[at])
  if (missing.length === 0) return found.filter((index) => index !== undefined)
  // Loaded only now: the scan is a third of what a command that reads a capture would have to load.
  const { buildIndexes } = await import("./build-indexes.ts")
  const built = await buildIndexes(capture, missing, progress)
  return segments.map((segment, at) => found[at] ?? built.get(segment)).filter((index) => index !== undefined)
}

/** The size of the segments whose indexes would have to be built. */
export function unindexedBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => {
    const index = storedIndex(segment)
    index?.close()
    return index ? sum : sum + segment.sizeBytes
  }, 0)
}

function storedIndex(segment: Segment): IndexFile | undefined {
  return segment.startMs === undefined ? undefined : openIndex(segment)
}
