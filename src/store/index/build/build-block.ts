import { type Grouped, groupCalls } from "../../../model/grouping/group-calls.ts"
import { ReadErrors } from "../../capture/read-errors.ts"
import { toRecord } from "../../capture/records.ts"
import { RecordHeaderReader } from "../../scan/record-header.ts"
import { type BlockHeader, joinedHash, type Orphan, type ByteRange } from "../block.ts"
import { BlockBuilder } from "./block-builder.ts"
import { BlockLines } from "./block-lines.ts"
import { toClockEpochs } from "../clock-order.ts"
import { type Columns, NO_LINE, outcomeNumber, readColumns, type Shape, sizeOf, writeCalls } from "../columns.ts"

/** A block as it is stored; `bytes` is an array buffer of its own that can be transferred between threads. */
export type BuiltBlock = { header: BlockHeader; bytes: ArrayBuffer }

const gathered = new BlockBuilder()
const head = new RecordHeaderReader()

/** Reads a block once, without parsing what its streams hold. */
export function buildBlock(path: string, name: string, range: ByteRange): BuiltBlock {
  const { orphans, damage, dataDirs } = gather(path, name, range)
  const { shape, bytes, mixed, open, dangling } = lay()
  return {
    header: {
      ...range,
      shape,
      orphans,
      readErrors: damage.list(),
      clockEpochs: toClockEpochs(gathered.table, gathered.texts),
      dataDirs: [...dataDirs],
      mixed,
      open,
      dangling,
    },
    bytes,
  }
}

type Beside = { orphans: Orphan[]; damage: ReadErrors; dataDirs: Set<string> }

/** Calls go into `gathered`. */
function gather(path: string, name: string, place: ByteRange): Beside {
  const beside: Beside = { orphans: [], damage: new ReadErrors(), dataDirs: new Set() }
  gathered.clear()
  const lines = new BlockLines(path, place)
  try {
    while (lines.next()) {
      if (!readHead(lines, name, beside.damage)) continue
      const at = lines.offset - place.fromByte
      if (head.kind === "begin") {
        gathered.begin(head, at)
        if (head.dataDir !== undefined) beside.dataDirs.add(head.dataDir)
      } else if (!gathered.end(head, at)) beside.orphans.push({ header: head.end(), offset: lines.offset })
    }
  } finally {
    lines.close()
  }
  return beside
}

function readHead(
  { bytes, from, to, sealedEnd, offset, isOversize }: BlockLines,
  name: string,
  damage: ReadErrors,
): boolean {
  if (sealedEnd >= 0 && head.read(bytes, from, sealedEnd)) return true
  const line = { offset, sizeBytes: to - from, ...(isOversize ? {} : { bytes: bytes.subarray(from, to) }) }
  const record = toRecord(line, name, damage)
  if (record) head.load(record)
  return record !== undefined
}

type Laid = Pick<BlockHeader, "shape" | "mixed" | "open" | "dangling"> & { bytes: ArrayBuffer }

/** Columns of the operations that the calls make. */
function lay(): Laid {
  const { table, texts, ids } = gathered
  const grouped = groupCalls(gathered.withParents())
  const parents = gathered.parentTexts()
  const shape: Shape = {
    rows: table.rows,
    operations: grouped.from.length,
    idBytes: ids.mostBytes,
    texts: texts.count,
    textBytes: texts.sizeBytes,
  }
  const bytes = new ArrayBuffer(sizeOf(shape))
  const columns = readColumns(Buffer.from(bytes), shape)
  texts.copyTo(columns.dictionary)
  writeCalls(columns, gathered, grouped, parents)
  return { shape, bytes, ...layOperations(columns, grouped) }
}

/** What of an operation readers of other blocks have to know. */
function layOperations(
  columns: Columns,
  { rows, from, level }: Grouped,
): Pick<BlockHeader, "mixed" | "open" | "dangling"> {
  const { operations, texts } = columns
  const { containerId, command, node } = texts
  const { table, more } = gathered
  const told: Pick<BlockHeader, "mixed" | "open" | "dangling"> = { mixed: [], open: [], dangling: [] }
  for (let operation = 0; operation < from.length; operation++) {
    const first = from[operation] ?? 0
    const end = from[operation + 1] ?? rows.length
    let [isDangling, isFailed, isMixed] = [false, false, false]
    let isWhole = true
    for (let place = first; place < end; place++) {
      const row = rows[place] ?? 0
      if (more.end[row] === NO_LINE && table.isProbe[row] === 0) isWhole = false
      if (level[place] === 0 && table.isFailed[row] === 1) isFailed = true
      if (more.parentId[row] !== -1 && table.parent[row] === -1) {
        isDangling = true
        told.dangling.push(ownerAt(columns, place))
      }
      if (containerId[place] !== containerId[first] || command[place] !== command[first] || node[place] !== node[first])
        isMixed = true
    }
    operations.from[operation] = first
    operations.outcome[operation] = outcomeNumber(isWhole ? (isFailed ? "failed" : "ok") : "unknown")
    operations.owner[operation] = containerId[first] === 0 ? 0 : ownerAt(columns, first)
    operations.family[operation] = containerId[first] === 0 ? 0 : familyAt(columns, first)
    if (isDangling || !isWhole) told.open.push(operation)
    if (!isMixed) continue
    const [own = 0, ...others] = familiesOf(columns, first, end)
    operations.family[operation] = own
    if (others.length > 0) told.mixed.push([operation, others])
  }
  return told
}

function familiesOf(columns: Columns, from: number, to: number): Set<number> {
  const families = new Set<number>()
  for (let place = from; place < to; place++)
    if (columns.texts.containerId[place] !== 0) families.add(familyAt(columns, place))
  return families
}

function ownerAt({ texts }: Columns, place: number): number {
  const { texts: words } = gathered
  return joinedHash(words.hash(texts.node[place] ?? 0), words.hash(texts.containerId[place] ?? 0))
}

function familyAt(columns: Columns, place: number): number {
  return joinedHash(ownerAt(columns, place), gathered.texts.hash(columns.texts.command[place] ?? 0))
}
