import type { Call } from "../../model/call.ts"
import { type CallTable, latestEnd } from "../../model/grouping/call-table.ts"
import type { Interner } from "./interner.ts"

/**
 * Calls of one node during which its clock was not set: the offset between wall and monotonic time stays nearly constant.
 * Ranges are [least, most]. `endMs`: when the last of them ended or must have ended, monotonic. `wallMs`: the earliest.
 */
export type ClockEpoch = {
  node: string
  offset: [number, number]
  monoMs: [number, number]
  endMs: number
  wallMs: number
}

/** The same as in `inOrder` (call-order.ts): slewing moves a clock by less between two calls. */
const STEP_MS = 1_000
const MOST = Number.POSITIVE_INFINITY

type Timed = Pick<Call, "node" | "wallMs" | "monoMs">

/** The epochs of calls in any order. `texts` has the names of their nodes. */
export function toClockEpochs(calls: CallTable, texts: Interner): ClockEpoch[] {
  const epochs: ClockEpoch[] = []
  for (let from = 0; from < calls.rows; ) {
    const to = epochEnd(calls, from)
    epochs.push(epochOf(calls, from, to, texts.text(calls.node[from] ?? 0)))
    from = to
  }
  return mergeClockEpochs(epochs)
}

/** The end of the run of successive rows that belong to one epoch. */
function epochEnd({ rows, node, wallMs, monoMs }: CallTable, from: number): number {
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

function epochOf(calls: CallTable, from: number, to: number, node: string): ClockEpoch {
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

/** Merges epochs of one node with nearly the same offset. */
export function mergeClockEpochs(epochs: ClockEpoch[]): ClockEpoch[] {
  const merged: ClockEpoch[] = []
  for (const epoch of epochs.toSorted((a, b) => compare(a.node, b.node) || a.offset[0] - b.offset[0])) {
    const last = merged.at(-1)
    if (last?.node === epoch.node && epoch.offset[0] - last.offset[1] < STEP_MS) extend(last, epoch)
    else merged.push({ ...epoch, offset: [...epoch.offset], monoMs: [...epoch.monoMs] })
  }
  return merged
}

function extend(epoch: ClockEpoch, { offset, monoMs, endMs, wallMs }: ClockEpoch): void {
  epoch.offset[0] = Math.min(epoch.offset[0], offset[0])
  epoch.offset[1] = Math.max(epoch.offset[1], offset[1])
  epoch.monoMs[0] = Math.min(epoch.monoMs[0], monoMs[0])
  epoch.monoMs[1] = Math.max(epoch.monoMs[1], monoMs[1])
  epoch.endMs = Math.max(epoch.endMs, endMs)
  epoch.wallMs = Math.min(epoch.wallMs, wallMs)
}

/** Compares calls by their start. */
export type Order = {
  compare(a: Timed, b: Timed): number
  /** the earliest start that a block with these epochs can contain; undefined without an epoch */
  earliest(epochs: ClockEpoch[]): Timed | undefined
  /** the latest one */
  latest(epochs: ClockEpoch[]): Timed | undefined
}

/** The order of `toOperations`: within a node by monotonic clock, epoch by epoch; between nodes by wall clock. */
export function orderOf(all: ClockEpoch[]): Order {
  const epochs = mergeClockEpochs(all)
  if (new Set(epochs.map(({ node }) => node)).size > 1) {
    const byWall = (a: Timed, b: Timed) => a.wallMs - b.wallMs || a.monoMs - b.monoMs
    return {
      compare: byWall,
      earliest: (own) =>
        least(
          own.map(({ wallMs }) => ({ wallMs, monoMs: 0 })),
          byWall,
        ),
      latest: (own) => most(own.map(latestStart), byWall),
    }
  }
  const inOrder = epochs.sort(compareEpochs)
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
    latest: (own) => most(own.map(latestStart), compareTimed),
  }
}

function latestStart({ offset, monoMs }: ClockEpoch): Timed {
  return { wallMs: offset[1] + monoMs[1], monoMs: monoMs[1] }
}

/**
 * If the monotonic times of one epoch follow those of the other, the clock was set during one boot. Otherwise the node was
 * rebooted between them.
 */
function compareEpochs(a: ClockEpoch, b: ClockEpoch): number {
  if (a.monoMs[1] <= b.monoMs[0]) return -1
  if (b.monoMs[1] <= a.monoMs[0]) return 1
  return a.wallMs - b.wallMs
}

function least(candidates: Timed[], order: (a: Timed, b: Timed) => number): Timed | undefined {
  return candidates.toSorted(order)[0]
}

function most(candidates: Timed[], order: (a: Timed, b: Timed) => number): Timed | undefined {
  return candidates.toSorted(order).at(-1)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
