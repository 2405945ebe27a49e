/**
 * What grouping needs to know about calls, as columns with one row per call. Equal texts have equal numbers, 0 means no
 * text. Times are milliseconds; `durationMs` is NaN if a call never ended. `parentRow`: the row of the call that it names
 * as its parent, -1 for none.
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
  parentRow: Int32Array
  wallMs: Float64Array
  monoMs: Float64Array
  durationMs: Float64Array
  isProbe: Uint8Array
  isFailed: Uint8Array
}

export function newCallTable(rows: number): CallTable {
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
    parentRow: new Int32Array(rows),
    wallMs: times(),
    monoMs: times(),
    durationMs: times(),
    isProbe: new Uint8Array(rows),
    isFailed: new Uint8Array(rows),
  }
}

/** A call without an end can be the parent of others for as long as a runtime lets a plugin run. */
export const LONGEST_CALL_MS = 600_000
/** No row. */
export const NONE = -1

/** When the call ended, or must have ended; monotonic. */
export function latestEnd(table: CallTable, row: number): number {
  const endMs = endOf(table, row)
  return Number.isNaN(endMs) ? (table.monoMs[row] ?? 0) + LONGEST_CALL_MS : endMs
}

/** When the call ended; monotonic, NaN if it never did. A probe ends as soon as it begins. */
export function endOf({ monoMs, durationMs, isProbe }: CallTable, row: number): number {
  const begunMs = monoMs[row] ?? 0
  const endMs = begunMs + (durationMs[row] ?? Number.NaN)
  return isProbe[row] === 1 && Number.isNaN(endMs) ? begunMs : endMs
}
