import { inOrder } from "./call-order.ts"
import { type CallTable, endOf, latestEnd, NONE } from "./call-table.ts"
import { firstRowsByKey } from "./group-by.ts"
import { nest } from "./nesting.ts"

/** `rows`: operation by operation in the order they started, parents before children. `from`: where each begins. */
export type Grouped = { rows: Uint32Array; level: Uint16Array; from: Uint32Array }

/** Calls of one list follow each other at once; a pause longer than this is another try of the same command. */
export const SAME_LIST_MS = 10_000

/**
 * Groups calls into operations. A nested call belongs to its parent by id; where the variable did not survive (thick
 * Multus, Antrea), to the innermost call of the same container and command, made by another process, whose time
 * contains it. Top-level calls of one command, attachment, network and runtime process follow each other in one
 * operation until one fails, the first of them comes again (a retry) or time has passed.
 */
export function groupCalls(table: CallTable): Grouped {
  const order = inOrder(table)
  const parents = nest(table, order)
  const tree = toTree(parents, order)
  return laid(parents, tree, toLists(table, parents, order))
}

/** The children of a row as a chain, in the order they were made. */
type Tree = { firstChild: Int32Array; next: Int32Array }

function toTree(parents: Int32Array, order: Uint32Array): Tree {
  const { length } = parents
  const [firstChild, lastChild, next] = [chains(length), chains(length), chains(length)]
  for (let at = 0; at < order.length; at++) {
    const row = order[at] ?? 0
    const parent = parents[row] ?? NONE
    if (parent === NONE) continue
    const before = lastChild[parent] ?? NONE
    if (before === NONE) firstChild[parent] = row
    else next[before] = row
    lastChild[parent] = row
  }
  return { firstChild, next }
}

function chains(length: number): Int32Array {
  return new Int32Array(length).fill(NONE)
}

/** Top-level calls list by list, a list being named by its first row: `next` leads through its rows. */
type Lists = { first: number[]; next: Int32Array }

function toLists(table: CallTable, parents: Int32Array, order: Uint32Array): Lists {
  const { rows, network } = table
  const keys = firstRowsByKey(rows, [table.containerId, table.ppid, table.command, table.ifname, table.node])
  const first: number[] = []
  const next = chains(rows)
  // Of each key the lists that may go on, the oldest first; of each list its last row and its network.
  const [open, nextOpen, last] = [chains(rows), chains(rows), chains(rows)]
  const networks = new Uint32Array(rows)
  for (let at = 0; at < order.length; at++) {
    const row = order[at] ?? 0
    if (parents[row] !== NONE) continue
    const key = keys[row] ?? 0
    let found = NONE
    let again = NONE
    let kept = NONE
    for (let list = open[key] ?? NONE; list !== NONE; list = nextOpen[list] ?? NONE) {
      if (isOver(table, last[list] ?? 0, row)) continue
      if (kept === NONE) open[key] = list
      else nextOpen[kept] = list
      kept = list
      if (!isOfNetwork(table, networks[list] ?? 0, row)) continue
      if (found === NONE && !hasPlugin(table, list, next, row)) found = list
      // A plugin may stand in a list twice; where the first of those that were called comes again, the list does.
      if (table.plugin[list] !== table.plugin[row]) again = list
    }
    if (found === NONE) found = again
    if (found === NONE) {
      first.push(row)
      if (kept === NONE) open[key] = row
      else nextOpen[kept] = row
      kept = row
      found = row
    } else next[last[found] ?? 0] = row
    nextOpen[kept] = NONE
    last[found] = row
    networks[found] ||= network[row] ?? 0
  }
  return { first, next }
}

/** A reboot makes the monotonic clock smaller: nothing of before goes on. */
function isOver(table: CallTable, last: number, row: number): boolean {
  if (table.isFailed[last] === 1) return true
  const [lastMs, begunMs] = [table.monoMs[last] ?? 0, table.monoMs[row] ?? 0]
  const endMs = endOf(table, last)
  const pauseMs = begunMs - (Number.isNaN(endMs) ? Math.min(begunMs, latestEnd(table, last)) : endMs)
  return pauseMs >= SAME_LIST_MS || begunMs < lastMs
}

/** Networks of one pod may run side by side; a configuration that could not be read names none. */
function isOfNetwork({ network }: CallTable, known: number, row: number): boolean {
  const own = network[row] ?? 0
  return own === 0 || known === 0 || own === known
}

function hasPlugin({ plugin }: CallTable, list: number, next: Int32Array, row: number): boolean {
  for (let other = list; other !== NONE; other = next[other] ?? NONE) if (plugin[other] === plugin[row]) return true
  return false
}

function laid(parents: Int32Array, { firstChild, next }: Tree, lists: Lists): Grouped {
  const { length } = parents
  const [rows, level, from] = [new Uint32Array(length), new Uint16Array(length), new Uint32Array(lists.first.length)]
  let at = 0
  for (let operation = 0; operation < from.length; operation++) {
    from[operation] = at
    for (let top = lists.first[operation] ?? NONE; top !== NONE; top = lists.next[top] ?? NONE) {
      let depth = 0
      for (let row = top; row !== NONE; ) {
        rows[at] = row
        level[at++] = depth
        const child = firstChild[row] ?? NONE
        if (child !== NONE) {
          depth++
          row = child
          continue
        }
        for (; row !== top && next[row] === NONE; depth--) row = parents[row] ?? top
        row = row === top ? NONE : (next[row] ?? NONE)
      }
    }
  }
  return { rows, level, from }
}
