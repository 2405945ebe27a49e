import { closeSync, openSync, readSync } from "node:fs"
import { crc32 } from "node:zlib"
import type { Segment } from "../capture/segments.ts"

/** Identifies the content of a segment. `stamp`: a hash of its first and last bytes. */
export type SegmentStamp = { stamp: string; sizeBytes: number; modifiedMs: number }

const STAMP_BYTES = 4096

/** Segments are append-only: a copied or restored segment differs in its ends, size or modification time. */
export function stampOf({ path, sizeBytes, modifiedMs }: Segment): SegmentStamp {
  const file = openSync(path, "r")
  try {
    let crc = 0
    for (const at of [0, Math.max(0, sizeBytes - STAMP_BYTES)]) {
      const bytes = Buffer.alloc(STAMP_BYTES)
      crc = crc32(bytes.subarray(0, readSync(file, bytes, 0, STAMP_BYTES, at)), crc)
    }
    return { stamp: crc.toString(16), sizeBytes, modifiedMs }
  } finally {
    closeSync(file)
  }
}

/** Whether something derived from a segment matches its present content. */
export function isStampOf(known: SegmentStamp, segment: Segment): boolean {
  const isUnchanged = known.sizeBytes === segment.sizeBytes && known.modifiedMs === segment.modifiedMs
  return isUnchanged && known.stamp === stampOf(segment).stamp
}
