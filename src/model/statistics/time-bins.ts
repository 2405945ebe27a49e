import { HANG_MS } from "../lint/rules/process-rules.ts"
import type { Operation } from "../operation.ts"

/** Operations over time in equal steps, by how they ended. Index `at` begins at `startMs + at * stepMs`. */
export type TimeBins = {
  startMs: number
  stepMs: number
  all: number[]
  failed: number[]
  killed: number[]
  /** in flight for longer than any plugin should take: when they began, oldest first */
  hungSinceMs: number[]
}

type BinnedOperation = Pick<Operation, "wallMs" | "outcome">

/** Counts the operations that began from `fromMs` until `toMs`, in at most `most` steps of a round duration. */
export function binOperations(
  operations: readonly BinnedOperation[],
  { fromMs, toMs, nowMs }: { fromMs: number; toMs: number; nowMs: number },
  most: number,
): TimeBins {
  const stepMs = roundStep(toMs - fromMs, most)
  const startMs = Math.floor(fromMs / stepMs) * stepMs
  const zeros = () => new Array<number>(Math.floor((toMs - startMs) / stepMs) + 1).fill(0)
  const bins: TimeBins = { startMs, stepMs, all: zeros(), failed: zeros(), killed: zeros(), hungSinceMs: [] }
  for (const { wallMs, outcome } of operations) {
    if (outcome === "running" && nowMs - wallMs >= HANG_MS) bins.hungSinceMs.push(wallMs)
    const at = Math.floor((wallMs - startMs) / stepMs)
    if (at < 0 || at >= bins.all.length) continue
    bins.all[at] = (bins.all[at] ?? 0) + 1
    if (outcome === "failed") bins.failed[at] = (bins.failed[at] ?? 0) + 1
    else if (outcome === "killed") bins.killed[at] = (bins.killed[at] ?? 0) + 1
  }
  bins.hungSinceMs.sort((a, b) => a - b)
  return bins
}

const STEPS_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800].map((seconds) => seconds * 1_000),
  ...[1, 2, 3, 6, 12, 24, 48, 96, 168].map((hours) => hours * 3_600_000),
]

/** A duration that people count in, of which at most `most` make the span; in milliseconds, at least 1. */
export function roundStep(spanMs: number, most: number): number {
  const week = STEPS_MS.at(-1) ?? 1
  return STEPS_MS.find((step) => spanMs / step <= most) ?? Math.ceil(spanMs / most / week) * week
}

/** The times between the two that are multiples of a round step where clocks are `offsetMs` ahead of UTC. */
export function roundTimes(
  fromMs: number,
  toMs: number,
  most: number,
  offsetMs: number,
): { stepMs: number; times: number[] } {
  const stepMs = roundStep(toMs - fromMs, most)
  const first = Math.ceil((fromMs + offsetMs) / stepMs) * stepMs - offsetMs
  const times: number[] = []
  for (let ms = first; ms <= toMs; ms += stepMs) times.push(ms)
  return { stepMs, times }
}

/** The smallest of 1, 2 and 5 times a power of ten that is at least the value. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-3)))
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= value) ?? value
}
