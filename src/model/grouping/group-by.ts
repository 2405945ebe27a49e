import { NONE } from "./call-table.ts"

/** For each row, the first row with the same values in these columns. */
export function firstRowsByKey(rows: number, columns: readonly Uint32Array[]): Uint32Array {
  const first = new Uint32Array(rows)
  const mask = 2 ** Math.ceil(Math.log2(2 * rows + 1)) - 1
  const slots = new Int32Array(mask + 1).fill(NONE)
  for (let row = 0; row < rows; row++) {
    let hash = 0
    for (const column of columns) hash = Math.imul(hash ^ (column[row] ?? 0), 0x9e3779b1) ^ (hash >>> 15)
    let slot = (hash ^ (hash >>> 13)) & mask
    for (; ; slot = (slot + 1) & mask) {
      const other = slots[slot] ?? NONE
      if (other === NONE) slots[slot] = row
      else if (!isEqual(columns, other, row)) continue
      first[row] = other === NONE ? row : other
      break
    }
  }
  return first
}

function isEqual(columns: readonly Uint32Array[], a: number, b: number): boolean {
  for (const column of columns) if (column[a] !== column[b]) return false
  return true
}
