import { realpathSync } from "node:fs"
import type { Capture } from "./capture.ts"

/**
 * Several captures as one. Records name their node, and call IDs are random, so the readers keep the nodes apart; between
 * nodes the wall clock decides the order. A capture that is named twice is read once.
 */
export function mergeCaptures(captures: readonly Capture[]): Capture {
  const distinct = [...new Map(captures.map((capture) => [realpathSync(capture.path), capture])).values()]
  const [only] = distinct
  if (only && distinct.length === 1) return only
  const truncated = distinct.flatMap(({ path, truncatedBy }) => (truncatedBy ? [`${path}: ${truncatedBy}`] : []))
  return {
    path: distinct.map(({ path }) => path).join(", "),
    parts: distinct,
    root: distinct.find(({ isLive }) => isLive)?.root ?? "/",
    isLive: distinct.some(({ isLive }) => isLive),
    directories: distinct.flatMap(({ directories }) => directories),
    ...(truncated.length > 0 ? { truncatedBy: truncated.join(", ") } : {}),
    async segments() {
      const all = await Promise.all(distinct.map(segmentsWithPath))
      // Bundles have no hour of their own: they come first, and their calls are ordered by time like all others.
      return all.flat().sort((a, b) => (a.startMs ?? 0) - (b.startMs ?? 0))
    },
  }
}

/** Two captures may have segments of the same name. */
async function segmentsWithPath({ segments }: Capture) {
  return (await segments()).map((segment) =>
    segment.startMs === undefined ? segment : { ...segment, name: segment.path },
  )
}
