/** What a node's clock showed when it was read, and when that was on ours. All since 1970. */
export type ClockReading = { node: string; nodeMs: number; askedMs: number; answeredMs: number }

/** The two nodes whose clocks differ most, and by how much at least. Undefined if that may be the time of the answers. */
export function clockDifference(
  readings: readonly ClockReading[],
): { slow: string; fast: string; differenceMs: number } | undefined {
  const [slow] = [...readings].sort((a, b) => latestOffset(a) - latestOffset(b))
  const [fast] = [...readings].sort((a, b) => earliestOffset(b) - earliestOffset(a))
  if (!slow || !fast) return undefined
  const differenceMs = earliestOffset(fast) - latestOffset(slow)
  return differenceMs < LEAST_MS ? undefined : { slow: slow.node, fast: fast.node, differenceMs }
}

/** Operations of one pod are seconds apart. */
const LEAST_MS = 1000

function earliestOffset({ nodeMs, answeredMs }: ClockReading): number {
  return nodeMs - answeredMs
}

function latestOffset({ nodeMs, askedMs }: ClockReading): number {
  return nodeMs - askedMs
}
