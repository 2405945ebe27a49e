import type { CallTable } from "./call-table.ts"

/**
 * The order in which the calls started. Within a node the monotonic clock decides, because the wall clock can be set back;
 * it restarts at every boot. A change of the difference between both clocks reveals boots and clock steps. Between nodes
 * the wall clock decides.
 */
export function inOrder(table: CallTable): Uint32Array {
  const all = numbersBelow(table.rows)
  if (isOne(table.node, table.rows)) return nodeInOrder(table, all)
  // Clocks of two nodes may say the same. The order must then not depend on which file was read first.
  return sorted(sorted(all, table.monoMs), table.wallMs)
}

function numbersBelow(rows: number): Uint32Array {
  const numbers = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) numbers[row] = row
  return numbers
}

function isOne(node: Uint32Array, rows: number): boolean {
  for (let row = 1; row < rows; row++) if (node[row] !== node[0]) return false
  return true
}

/** Slewing moves a clock by less than this between two calls. */
const STEP_MS = 1_000

function nodeInOrder({ wallMs, monoMs }: CallTable, rows: Uint32Array): Uint32Array {
  const offsets = offsetsOf(rows, wallMs, monoMs)
  // Usually the clock was not set, and sorting once is enough.
  if (spread(rows, offsets) < STEP_MS) return sorted(rows, monoMs)
  const byOffset = sorted(rows, offsets)
  const epochs: Uint32Array[] = []
  let from = 0
  for (let at = 1; at <= byOffset.length; at++) {
    const isNear = at < byOffset.length && valueAt(offsets, byOffset, at) - valueAt(offsets, byOffset, at - 1) < STEP_MS
    if (isNear) continue
    epochs.push(sorted(byOffset.subarray(from, at), monoMs))
    from = at
  }
  return concatenated(epochs.sort(epochOrder(wallMs, monoMs)))
}

function offsetsOf(rows: Uint32Array, wallMs: Float64Array, monoMs: Float64Array): Float64Array {
  const offsets = new Float64Array(wallMs.length)
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] ?? 0
    offsets[row] = (wallMs[row] ?? 0) - (monoMs[row] ?? 0)
  }
  return offsets
}

/** Stable. Calls are usually written in order, and checking that is cheaper than sorting. */
function sorted(rows: Uint32Array, values: Float64Array): Uint32Array {
  for (let at = 1; at < rows.length; at++)
    if (valueAt(values, rows, at) < valueAt(values, rows, at - 1))
      return rows.slice().sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0))
  return rows
}

function valueAt(values: Float64Array, rows: Uint32Array, at: number): number {
  return values[rows[at] ?? 0] ?? 0
}

function spread(rows: Uint32Array, values: Float64Array): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let at = 0; at < rows.length; at++) {
    const value = valueAt(values, rows, at)
    if (value < least) least = value
    if (value > most) most = value
  }
  return most - least
}

/**
 * If the monotonic times of one epoch follow those of the other, the clock was set during one boot. Otherwise the node was
 * rebooted between them.
 */
function epochOrder(wallMs: Float64Array, monoMs: Float64Array): (a: Uint32Array, b: Uint32Array) => number {
  return (a, b) => {
    if (valueAt(monoMs, a, a.length - 1) <= valueAt(monoMs, b, 0)) return -1
    if (valueAt(monoMs, b, b.length - 1) <= valueAt(monoMs, a, 0)) return 1
    return valueAt(wallMs, a, 0) - valueAt(wallMs, b, 0)
  }
}

function concatenated(parts: Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
