import type { Call } from "../../model/call.ts"
import { type CallTable, latestEnd } from "../../model/grouping/call-table.ts"
import type { Interner } from "./interner.ts"

/**
 * Calls of one node between which its clock was not set: wall and monotonic time run with one distance, of which they
 * stay near. `endMs`: monotonic, when the last of them ended, or must have.
 */
export type ClockEpoch = {
  node: string
  offset: [number, number]
  monoMs: [number, number]
  endMs: number
  wallMs: number
}

/** As `toOperations` takes it: clocks that are slewed move by less between two calls. */
const STEP_MS = 1_000
const MOST = Number.POSITIVE_INFINITY

type Timed = Pick<Call, "node" | "wallMs" | "monoMs">

/** The stretches of calls in any order; `texts`: what the numbers of their nodes mean. */
export function toClockEpochs(calls: CallTable, texts: Interner): ClockEpoch[] {
  const stretches: ClockEpoch[] = []
  for (let from = 0; from < calls.rows; ) {
    const to = stretchEnd(calls, from)
    stretches.push(stretchOf(calls, from, to, texts.text(calls.node[from] ?? 0)))
    from = to
  }
  return mergeClockEpochs(stretches)
}

/** How far calls that follow each other are near. */
function stretchEnd({ rows, node, wallMs, monoMs }: CallTable, from: number): number {
  let [least, most] = [MOST, -MOST]
  let row = from
  for (; row < rows && node[row] === node[from]; row++) {
    const offset = (wallMs[row] ?? 0) - (monoMs[row] ?? 0)
    if (offset <= most - STEP_MS || offset >= least + STEP_MS) break
    if (offset < least) least = offset
    if (offset > most) most = offset
  }
  return row
}

function stretchOf(calls: CallTable, from: number, to: number, node: string): ClockEpoch {
  const { wallMs, monoMs } = calls
  let [leastOffset, leastMono, leastWall] = [MOST, MOST, MOST]
  let [mostOffset, mostMono, endMs] = [-MOST, -MOST, 0]
  for (let row = from; row < to; row++) {
    const [wall, mono] = [wallMs[row] ?? 0, monoMs[row] ?? 0]
    leastOffset = Math.min(leastOffset, wall - mono)
    mostOffset = Math.max(mostOffset, wall - mono)
    leastMono = Math.min(leastMono, mono)
    mostMono = Math.max(mostMono, mono)
    leastWall = Math.min(leastWall, wall)
    endMs = Math.max(endMs, latestEnd(calls, row))
  }
  return { node, offset: [leastOffset, mostOffset], monoMs: [leastMono, mostMono], endMs, wallMs: leastWall }
}

/** Those that lie near each other are one. */
export function mergeClockEpochs(stretches: ClockEpoch[]): ClockEpoch[] {
  const merged: ClockEpoch[] = []
  for (const stretch of stretches.toSorted((a, b) => compare(a.node, b.node) || a.offset[0] - b.offset[0])) {
    const last = merged.at(-1)
    if (last?.node === stretch.node && stretch.offset[0] - last.offset[1] < STEP_MS) extend(last, stretch)
    else merged.push({ ...stretch, offset: [...stretch.offset], monoMs: [...stretch.monoMs] })
  }
  return merged
}

function extend(stretch: ClockEpoch, { offset, monoMs, endMs, wallMs }: ClockEpoch): void {
  stretch.offset[0] = Math.min(stretch.offset[0], offset[0])
  stretch.offset[1] = Math.max(stretch.offset[1], offset[1])
  stretch.monoMs[0] = Math.min(stretch.monoMs[0], monoMs[0])
  stretch.monoMs[1] = Math.max(stretch.monoMs[1], monoMs[1])
  stretch.endMs = Math.max(stretch.endMs, endMs)
  stretch.wallMs = Math.min(stretch.wallMs, wallMs)
}

/** Compares calls by when they were made. */
export type Order = {
  compare(a: Timed, b: Timed): number
  /** the earliest that a block with these stretches can hold */
  earliest(stretches: ClockEpoch[]): Timed | undefined
}

/**
 * The order of `toOperations`: within a node the monotonic clock decides, stretch by stretch; between nodes only the
 * wall clock can.
 */
export function orderOf(all: ClockEpoch[]): Order {
  const stretches = mergeClockEpochs(all)
  if (new Set(stretches.map(({ node }) => node)).size > 1) {
    return {
      compare: (a, b) => a.wallMs - b.wallMs,
      earliest: (own) =>
        least(
          own.map(({ wallMs }) => ({ wallMs, monoMs: 0 })),
          (a, b) => a.wallMs - b.wallMs,
        ),
    }
  }
  const inOrder = stretches.sort(stretchOrder)
  const rank = ({ wallMs, monoMs }: Timed) => {
    const offset = wallMs - monoMs
    return inOrder.findIndex(({ offset: [from, to] }) => offset >= from && offset <= to)
  }
  const byMono = (a: Timed, b: Timed) => a.monoMs - b.monoMs
  const compareTimed = inOrder.length < 2 ? byMono : (a: Timed, b: Timed) => rank(a) - rank(b) || byMono(a, b)
  return {
    compare: compareTimed,
    earliest: (own) =>
      least(
        own.map(({ offset, monoMs }) => ({ wallMs: offset[0] + monoMs[0], monoMs: monoMs[0] })),
        compareTimed,
      ),
  }
}

/** One boot's clock was set where one stretch's monotonic times follow the other's; otherwise the node was booted. */
function stretchOrder(a: ClockEpoch, b: ClockEpoch): number {
  if (a.monoMs[1] <= b.monoMs[0]) return -1
  if (b.monoMs[1] <= a.monoMs[0]) return 1
  return a.wallMs - b.wallMs
}

function least(candidates: Timed[], order: (a: Timed, b: Timed) => number): Timed | undefined {
  return candidates.toSorted(order)[0]
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
