import { type CallTable, endOf, latestEnd, NONE } from "./call-table.ts"
import { firstRowsByKey } from "./group-by.ts"

/** The parent of each row, or -1. The calls of a family that are in flight form a chain of rows, newest first. */
export function findParents(table: CallTable, order: Uint32Array): Int32Array {
  const { rows, monoMs, ppid, isProbe, containerId } = table
  const families = firstRowsByKey(rows, [table.containerId, table.command, table.node])
  const parents = new Int32Array(rows).fill(NONE)
  const isNested = new Uint8Array(rows)
  const newest = new Int32Array(rows).fill(NONE)
  const older = new Int32Array(rows).fill(NONE)
  const nesting: Nesting = { named: table.parentRow, parents, isNested }
  for (let at = 0; at < order.length; at++) {
    const row = order[at] ?? 0
    const family = families[row] ?? 0
    let parent = table.parentRow[row] ?? NONE
    if (leadsTo(parent, row, nesting)) parent = NONE
    if (parent === NONE && containerId[row] === 0) newest[family] = NONE
    else if (parent === NONE) {
      const begunMs = monoMs[row] ?? 0
      const endMs = endOf(table, row)
      const leastMs = Number.isNaN(endMs) ? begunMs : endMs
      let previous = NONE
      // A call that ended before this one began contains no later call either: dropping it keeps this linear.
      for (let other = newest[family] ?? NONE; other !== NONE; other = older[other] ?? NONE) {
        const untilMs = latestEnd(table, other)
        if (begunMs < (monoMs[other] ?? 0) || begunMs > untilMs) continue
        if (previous === NONE) newest[family] = other
        else older[previous] = other
        previous = other
        const contains = isProbe[other] === 0 && ppid[other] !== ppid[row] && leastMs <= untilMs
        if (parent === NONE && contains && !leadsTo(other, row, nesting)) parent = other
      }
      if (previous === NONE) newest[family] = NONE
      else older[previous] = NONE
    }
    parents[row] = parent
    isNested[row] = 1
    older[row] = newest[family] ?? NONE
    newest[family] = row
  }
  return parents
}

/** Deeper nesting does not occur: it must be a cycle of damaged or forged records. */
const DEEPEST = 1_000

/** By row: the parent that the call names, and the parent that was found, once `isNested` is 1. */
type Nesting = { named: Int32Array; parents: Int32Array; isNested: Uint8Array }

/** Whether the ancestors of `from` include the row, by the parents that calls name or by those that were found. */
function leadsTo(from: number, row: number, { named, parents, isNested }: Nesting): boolean {
  let [byName, byParent] = [from, from]
  for (let level = 0; level < DEEPEST; level++) {
    if (byName === row || byParent === row) return true
    if (byName === NONE && byParent === NONE) return false
    if (byName !== NONE) byName = named[byName] ?? NONE
    if (byParent !== NONE) byParent = (isNested[byParent] === 1 ? parents[byParent] : named[byParent]) ?? NONE
  }
  return true
}
