import { inOrder } from "./call-order.ts"
import { type CallTable, endOf, latestEnd, NONE } from "./call-table.ts"
import { firstRowsByKey } from "./group-by.ts"
import { findParents } from "./nesting.ts"

/** `rows`: operation by operation in the order they started, parents before children. `from`: where each operation begins. */
export type Grouped = { rows: Uint32Array; level: Uint16Array; from: Uint32Array }

/** Calls of one plugin list follow each other immediately; after a longer pause, the same command is a new attempt. */
export const SAME_LIST_MS = 10_000

/**
 * Groups calls into operations. A nested call belongs to the parent that it names. If the variable with the parent's ID was
 * lost (thick Multus, Antrea), it belongs to the innermost call of the same container and command, started by another
 * process, that was running at the time. Top-level calls with the same command, attachment, network and runtime process
 * form one operation until one fails, the first plugin is called again (a retry) or there is a pause.
 */
export function groupCalls(table: CallTable): Grouped {
  const order = inOrder(table)
  const parents = findParents(table, order)
  const tree = toTree(parents, order)
  return flatten(parents, tree, toLists(table, parents, order))
}

/** The children of a row as a linked list, in the order they started. */
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

/** Plugin lists as linked lists of top-level calls. A list is identified by its first row. */
type CallLists = { first: number[]; next: Int32Array }

function toLists(table: CallTable, parents: Int32Array, order: Uint32Array): CallLists {
  const { rows, network } = table
  const keys = firstRowsByKey(rows, [table.containerId, table.ppid, table.command, table.ifname, table.node])
  const first: number[] = []
  const next = chains(rows)
  // For each key, the lists that may continue, oldest first. For each list, its last row and its network.
  const [open, nextOpen, last] = [chains(rows), chains(rows), chains(rows)]
  const networks = new Uint32Array(rows)
  for (let at = 0; at < order.length; at++) {
    const row = order[at] ?? 0
    if (parents[row] !== NONE) continue
    const key = keys[row] ?? 0
    let found = NONE
    let again = NONE
    let previous = NONE
    for (let list = open[key] ?? NONE; list !== NONE; list = nextOpen[list] ?? NONE) {
      if (isOver(table, last[list] ?? 0, row)) continue
      if (previous === NONE) open[key] = list
      else nextOpen[previous] = list
      previous = list
      if (!isOfNetwork(table, networks[list] ?? 0, row)) continue
      if (found === NONE && !hasPlugin(table, list, next, row)) found = list
      // A list may contain a plugin twice; only if its first call is repeated, the whole list is.
      if (table.plugin[list] !== table.plugin[row]) again = list
    }
    if (found === NONE) found = again
    if (found === NONE) {
      first.push(row)
      if (previous === NONE) open[key] = row
      else nextOpen[previous] = row
      previous = row
      found = row
    } else next[last[found] ?? 0] = row
    nextOpen[previous] = NONE
    last[found] = row
    networks[found] ||= network[row] ?? 0
  }
  return { first, next }
}

/** Whether the list ends before the row. After a reboot the monotonic clock is smaller: no list continues. */
function isOver(table: CallTable, last: number, row: number): boolean {
  if (table.isFailed[last] === 1) return true
  const [lastMs, begunMs] = [table.monoMs[last] ?? 0, table.monoMs[row] ?? 0]
  const endMs = endOf(table, last)
  const pauseMs = begunMs - (Number.isNaN(endMs) ? Math.min(begunMs, latestEnd(table, last)) : endMs)
  return pauseMs >= SAME_LIST_MS || begunMs < lastMs
}

/** Several networks of a pod can be set up in parallel. A configuration that could not be read has no network name. */
function isOfNetwork({ network }: CallTable, known: number, row: number): boolean {
  const own = network[row] ?? 0
  return own === 0 || known === 0 || own === known
}

function hasPlugin({ plugin }: CallTable, list: number, next: Int32Array, row: number): boolean {
  for (let other = list; other !== NONE; other = next[other] ?? NONE) if (plugin[other] === plugin[row]) return true
  return false
}

function flatten(parents: Int32Array, { firstChild, next }: Tree, lists: CallLists): Grouped {
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
