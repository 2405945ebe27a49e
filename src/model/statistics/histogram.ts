/** Calls with a duration of at least `fromMs` and less than `toMs`. */
export type HistogramBucket = { fromMs: number; toMs: number; calls: number; failed: number }

/**
 * Buckets at 1, 2 and 5 of every decade, which are about equally wide on a logarithmic scale. Each array is sorted.
 */
export function histogramOf(durations: Float64Array[], failedDurations: Float64Array[]): HistogramBucket[] {
  const [calls, failed] = [bucketCounts(durations), bucketCounts(failedDurations)]
  const lowest = calls.findIndex((count) => count > 0)
  return calls.flatMap((count, at) =>
    at < lowest ? [] : [{ fromMs: edge(at), toMs: edge(at + 1), calls: count, failed: failed[at] ?? 0 }],
  )
}

function bucketCounts(durations: Float64Array[]): number[] {
  const counts: number[] = []
  for (const sorted of durations) {
    let next = 0
    for (let at = 0; next < sorted.length; at++) {
      const from = next
      const toMs = edge(at + 1)
      while (next < sorted.length && ((sorted[next] ?? 0) < toMs || toMs === Number.POSITIVE_INFINITY)) next++
      counts[at] = (counts[at] ?? 0) + next - from
    }
  }
  return counts
}

/** No call is shorter, because it starts a process. */
const SHORTEST_MS = 0.1
const STEPS = [1, 2, 5] as const

function edge(at: number): number {
  const step = STEPS[at % STEPS.length] ?? 1
  return Number((SHORTEST_MS * 10 ** Math.floor(at / STEPS.length) * step).toPrecision(1))
}
