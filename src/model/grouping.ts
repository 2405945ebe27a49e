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

/** `rows`: operation by operation in the order they started, parents before children. `from`: where each begins. */
export type Grouped = { rows: Uint32Array; level: Uint16Array; from: Uint32Array }

/** Calls of one list follow each other at once; a pause longer than this is another try of the same command. */
export const SAME_LIST_MS = 10_000
/** A call that never ended can be the parent of others for as long as a runtime lets a plugin run. */
export const LONGEST_CALL_MS = 600_000
const NONE = -1

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

/**
 * The order in which the calls were made. The wall clock can be set back, so that within a node the monotonic clock
 * decides; it starts anew with each boot. The difference of both tells boots and clock steps apart from the rest.
 */
function inOrder(table: CallTable): Uint32Array {
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

/** The parent of each row. What is in flight of a family is a chain of rows, the newest first. */
function nest(table: CallTable, order: Uint32Array): Int32Array {
  const { rows, monoMs, ppid, isProbe, containerId } = table
  const families = firstAlike(rows, [table.containerId, table.command, table.node])
  const parents = new Int32Array(rows).fill(NONE)
  const isNested = new Uint8Array(rows)
  const newest = new Int32Array(rows).fill(NONE)
  const older = new Int32Array(rows).fill(NONE)
  const nesting: Nesting = { named: table.parent, parents, isNested }
  for (let at = 0; at < order.length; at++) {
    const row = order[at] ?? 0
    const family = families[row] ?? 0
    let parent = table.parent[row] ?? NONE
    if (leadsTo(parent, row, nesting)) parent = NONE
    if (parent === NONE && containerId[row] === 0) newest[family] = NONE
    else if (parent === NONE) {
      const begunMs = monoMs[row] ?? 0
      const endMs = endOf(table, row)
      const leastMs = Number.isNaN(endMs) ? begunMs : endMs
      let kept = NONE
      // What ended before this call began contains none of the later ones either: forgetting it keeps this linear.
      for (let other = newest[family] ?? NONE; other !== NONE; other = older[other] ?? NONE) {
        const untilMs = latestEnd(table, other)
        if (begunMs < (monoMs[other] ?? 0) || begunMs > untilMs) continue
        if (kept === NONE) newest[family] = other
        else older[kept] = other
        kept = other
        const contains = isProbe[other] === 0 && ppid[other] !== ppid[row] && leastMs <= untilMs
        if (parent === NONE && contains && !leadsTo(other, row, nesting)) parent = other
      }
      if (kept === NONE) newest[family] = NONE
      else older[kept] = NONE
    }
    parents[row] = parent
    isNested[row] = 1
    older[row] = newest[family] ?? NONE
    newest[family] = row
  }
  return parents
}

/** Nobody nests deeper: what does is a circle, of damaged or forged records. */
const DEEPEST = 1_000

/** By row the parent that it names, and the one it was given, once it was. */
type Nesting = { named: Int32Array; parents: Int32Array; isNested: Uint8Array }

/** Whether the way up comes to the row, by what the calls name or by what they were given. */
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

/** Monotonic. */
export function latestEnd(table: CallTable, row: number): number {
  const endMs = endOf(table, row)
  return Number.isNaN(endMs) ? (table.monoMs[row] ?? 0) + LONGEST_CALL_MS : endMs
}

/** Monotonic; NaN where it never ended. A probe is over as soon as it began. */
function endOf({ monoMs, durationMs, isProbe }: CallTable, row: number): number {
  const begunMs = monoMs[row] ?? 0
  const endMs = begunMs + (durationMs[row] ?? Number.NaN)
  return isProbe[row] === 1 && Number.isNaN(endMs) ? begunMs : endMs
}

/** For each row the first one that has the same values in these columns. */
function firstAlike(rows: number, columns: readonly Uint32Array[]): Uint32Array {
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
      else if (!isAlike(columns, other, row)) continue
      first[row] = other === NONE ? row : other
      break
    }
  }
  return first
}

function isAlike(columns: readonly Uint32Array[], a: number, b: number): boolean {
  for (const column of columns) if (column[a] !== column[b]) return false
  return true
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
  const keys = firstAlike(rows, [table.containerId, table.ppid, table.command, table.ifname, table.node])
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
