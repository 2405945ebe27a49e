import type { CallTable } from "./call-table.ts"

/**
 * The order in which the calls were made. The wall clock can be set back, so that within a node the monotonic clock
 * decides; it starts anew with each boot. The difference of both tells boots and clock steps apart from the rest.
 */
export function inOrder(table: CallTable): Uint32Array {
  const all = numbersBelow(table.rows)
  if (isOne(table.node, table.rows)) return nodeInOrder(table, all)
  const perNode = Array.from(new Set(table.node.subarray(0, table.rows)), (node) =>
    nodeInOrder(
      table,
      all.filter((row) => table.node[row] === node),
    ),
  )
  return sorted(joined(perNode), table.wallMs)
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

/** Slewing a clock moves it by less than this between calls that could be mistaken for each other. */
const STEP_MS = 1_000

function nodeInOrder({ wallMs, monoMs }: CallTable, rows: Uint32Array): Uint32Array {
  const offsets = offsetsOf(rows, wallMs, monoMs)
  // As a rule nobody set the clock, and one sorting is enough.
  if (spread(rows, offsets) < STEP_MS) return sorted(rows, monoMs)
  const byOffset = sorted(rows, offsets)
  const stretches: Uint32Array[] = []
  let from = 0
  for (let at = 1; at <= byOffset.length; at++) {
    const isNear = at < byOffset.length && of(offsets, byOffset, at) - of(offsets, byOffset, at - 1) < STEP_MS
    if (isNear) continue
    stretches.push(sorted(byOffset.subarray(from, at), monoMs))
    from = at
  }
  return joined(stretches.sort(stretchOrder(wallMs, monoMs)))
}

function offsetsOf(rows: Uint32Array, wallMs: Float64Array, monoMs: Float64Array): Float64Array {
  const offsets = new Float64Array(wallMs.length)
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] ?? 0
    offsets[row] = (wallMs[row] ?? 0) - (monoMs[row] ?? 0)
  }
  return offsets
}

/** Stable. Calls are written nearly in order, and looking is cheaper than sorting. */
function sorted(rows: Uint32Array, values: Float64Array): Uint32Array {
  for (let at = 1; at < rows.length; at++)
    if (of(values, rows, at) < of(values, rows, at - 1))
      return rows.slice().sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0))
  return rows
}

function of(values: Float64Array, rows: Uint32Array, at: number): number {
  return values[rows[at] ?? 0] ?? 0
}

function spread(rows: Uint32Array, values: Float64Array): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let at = 0; at < rows.length; at++) {
    const value = of(values, rows, at)
    if (value < least) least = value
    if (value > most) most = value
  }
  return most - least
}

/** One boot's clock was set where one stretch's monotonic times follow the other's; otherwise the node was booted. */
function stretchOrder(wallMs: Float64Array, monoMs: Float64Array): (a: Uint32Array, b: Uint32Array) => number {
  return (a, b) => {
    if (of(monoMs, a, a.length - 1) <= of(monoMs, b, 0)) return -1
    if (of(monoMs, b, b.length - 1) <= of(monoMs, a, 0)) return 1
    return of(wallMs, a, 0) - of(wallMs, b, 0)
  }
}

function joined(parts: Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
