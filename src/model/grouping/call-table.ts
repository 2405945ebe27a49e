/**
 * Calls as columns, a row each: what grouping looks at. Equal texts have equal numbers, 0 is none. Times are
 * milliseconds; `durationMs` is NaN where a call never ended. `parent`: the row of the call it names so, -1 for none.
 */
export type CallTable = {
  rows: number
  node: Uint32Array
  ppid: Uint32Array
  command: Uint32Array
  containerId: Uint32Array
  ifname: Uint32Array
  network: Uint32Array
  plugin: Uint32Array
  parent: Int32Array
  wallMs: Float64Array
  monoMs: Float64Array
  durationMs: Float64Array
  isProbe: Uint8Array
  isFailed: Uint8Array
}

export function newTable(rows: number): CallTable {
  const numbers = () => new Uint32Array(rows)
  const times = () => new Float64Array(rows)
  return {
    rows,
    node: numbers(),
    ppid: numbers(),
    command: numbers(),
    containerId: numbers(),
    ifname: numbers(),
    network: numbers(),
    plugin: numbers(),
    parent: new Int32Array(rows),
    wallMs: times(),
    monoMs: times(),
    durationMs: times(),
    isProbe: new Uint8Array(rows),
    isFailed: new Uint8Array(rows),
  }
}

/** A call that never ended can be the parent of others for as long as a runtime lets a plugin run. */
export const LONGEST_CALL_MS = 600_000
/** No row. */
export const NONE = -1

/** Monotonic. */
export function latestEnd(table: CallTable, row: number): number {
  const endMs = endOf(table, row)
  return Number.isNaN(endMs) ? (table.monoMs[row] ?? 0) + LONGEST_CALL_MS : endMs
}

/** Monotonic; NaN where it never ended. A probe is over as soon as it began. */
export function endOf({ monoMs, durationMs, isProbe }: CallTable, row: number): number {
  const begunMs = monoMs[row] ?? 0
  const endMs = begunMs + (durationMs[row] ?? Number.NaN)
  return isProbe[row] === 1 && Number.isNaN(endMs) ? begunMs : endMs
}
