import type { CallTable } from "../../../model/grouping/call-table.ts"
import { type Grouped, groupCalls } from "../../../model/grouping/group-calls.ts"
import { judge, type Outcome } from "../../../model/outcome.ts"
import { ReadErrors } from "../../capture/read-errors.ts"
import { HeaderReader } from "../../scan/read-header.ts"
import { type BlockHeader, type ByteRange, joinedHash, type Orphan, type ProgressLocation } from "../block.ts"
import { listVariants } from "../called-lists.ts"
import { toClockEpochs } from "../clock-order.ts"
import {
  type Columns,
  copyRows,
  idAt,
  NO_LINE,
  outcomeNumber,
  RowReader,
  readColumns,
  type Shape,
  sizeOf,
} from "../columns.ts"
import { BlockBuilder } from "./block-builder.ts"
import { BlockPieces } from "./block-pieces.ts"
import { readAnswers } from "./read-answers.ts"

/** A block as it is stored; `bytes` is an array buffer of its own that can be transferred between threads. */
export type BuiltBlock = { header: BlockHeader; bytes: ArrayBuffer }

const builder = new BlockBuilder()
const callReader = new RowReader()
const reader = new HeaderReader()
const { header } = reader

/** Reads a block once, without parsing the contents of its streams. */
export function buildBlock(path: string, name: string, range: ByteRange): BuiltBlock {
  const { orphans, progress, errors, dataDirs } = readLines(path, name, range)
  const table = builder.table()
  const grouped = groupCalls(table)
  readAnswers(builder, table, grouped)
  const { shape, columns, bytes } = layOut(grouped)
  return {
    header: {
      ...range,
      shape,
      orphans,
      progress,
      readErrors: errors.list(),
      losses: [...errors.losses()],
      clockEpochs: toClockEpochs(table, builder.texts),
      dataDirs: [...dataDirs],
      ...describeOperations(columns, table, grouped),
      lists: listVariants(columns),
    },
    bytes,
  }
}

/** The calls go into `builder`. */
function readLines(path: string, name: string, range: ByteRange) {
  const orphans: Orphan[] = []
  const progress = new Map<string, ProgressLocation>()
  const errors = new ReadErrors()
  const dataDirs = new Set<string>()
  builder.clear()
  const pieces = new BlockPieces(path, range)
  try {
    while (pieces.next()) {
      if (pieces.isOversize) errors.add("oversize", name, pieces.offset)
      reader.open(pieces.bytes, pieces.to)
      for (let kind = reader.next(); kind; kind = reader.next()) {
        const offset = pieces.offset + reader.from
        if (kind === "loss") {
          if (reader.loss) errors.addLosses([reader.loss])
          continue
        }
        if (kind !== "record") {
          errors.add(kind, name, offset)
          continue
        }
        const at = offset - range.fromByte
        builder.addAddresses(header.addresses, at)
        if (header.kind === "begin") {
          builder.begin(header, at)
          if (header.dataDir !== undefined) dataDirs.add(header.dataDir)
        } else if (header.kind === "progress")
          keepLast(progress, { id: header.id.text() ?? "", monoMs: header.monoMs, offset })
        else {
          if (!builder.end(header, at)) orphans.push({ header: header.end(), offset })
          if (progress.size > 0) progress.delete(header.id.text() ?? "")
        }
      }
    }
  } finally {
    pieces.close()
  }
  return { orphans, progress: [...progress.values()], errors, dataDirs }
}

function keepLast(progress: Map<string, ProgressLocation>, location: ProgressLocation): void {
  const known = progress.get(location.id)
  if (!known || known.monoMs <= location.monoMs) progress.set(location.id, location)
}

/** The columns of the calls, operation by operation. */
function layOut({ rows, level, from }: Grouped) {
  const { texts, ids } = builder
  const shape: Shape = {
    rows: builder.rows,
    operations: from.length,
    addresses: builder.addresses,
    idBytes: ids.mostBytes,
    texts: texts.count,
    textBytes: texts.sizeBytes,
  }
  const bytes = new ArrayBuffer(sizeOf(shape))
  const columns = readColumns(Buffer.from(bytes), shape)
  texts.copyTo(columns.dictionary)
  copyRows(builder.columns, columns, rows)
  columns.numbers.level.set(level)
  copyIds(columns, rows)
  columns.addresses.number.set(builder.address.number.subarray(0, builder.addresses))
  columns.addresses.line.set(builder.address.line.subarray(0, builder.addresses))
  return { shape, columns, bytes }
}

function copyIds({ ids, idBytes }: Columns, rows: Uint32Array): void {
  const { bytes, starts } = builder.ids
  for (let place = 0; place < rows.length; place++) {
    const id = builder.id[rows[place] ?? 0] ?? 0
    const [from = 0, to = 0] = [starts[id], starts[id + 1]]
    for (let at = from; at < to; at++) ids[place * idBytes + at - from] = bytes[at] ?? 0
  }
}

type OperationFacts = Pick<BlockHeader, "mixed" | "open" | "openCalls" | "dangling">

/** Fills the columns of operations. Returns what readers of other blocks must know about them. */
function describeOperations(columns: Columns, table: CallTable, { rows, from, level }: Grouped): OperationFacts {
  const { operations, texts } = columns
  const { containerId, command, node } = texts
  const described: OperationFacts = { mixed: [], open: [], openCalls: [], dangling: [] }
  for (let operation = 0; operation < from.length; operation++) {
    const first = from[operation] ?? 0
    const end = from[operation + 1] ?? rows.length
    let [isDangling, isFailed, isMixed] = [false, false, false]
    let isComplete = true
    let last = first
    for (let place = first; place < end; place++) {
      const row = rows[place] ?? 0
      if (builder.columns.end[row] === NO_LINE && table.isProbe[row] === 0) {
        isComplete = false
        described.openCalls.push({ id: idAt(columns, place), operation })
      }
      if (level[place] === 0) {
        last = place
        if (table.isFailed[row] === 1) isFailed = true
      }
      if (builder.parentId[row] !== -1 && table.parentRow[row] === -1) {
        isDangling = true
        const parent = builder.ids.text(builder.parentId[row] ?? 0)
        described.dangling.push({ owner: ownerAt(columns, place), parent })
      }
      if (containerId[place] !== containerId[first] || command[place] !== command[first] || node[place] !== node[first])
        isMixed = true
    }
    operations.from[operation] = first
    operations.outcome[operation] = outcomeNumber(
      !isComplete ? "unknown" : isFailed ? "failed" : outcomeAt(columns, last),
    )
    operations.owner[operation] = containerId[first] === 0 ? 0 : ownerAt(columns, first)
    operations.family[operation] = containerId[first] === 0 ? 0 : familyAt(columns, first)
    if (isDangling || !isComplete) described.open.push(operation)
    if (!isMixed) continue
    const [own = 0, ...others] = hashesOf(columns, first, end, familyAt)
    operations.family[operation] = own
    const owners = hashesOf(columns, first, end, ownerAt)
    owners.delete(operations.owner[operation] ?? 0)
    if (others.length > 0) described.mixed.push([operation, others, [...owners]])
  }
  return described
}

/** The outcome of a list without a failed call, from the answer of its last call, which is at this place. */
function outcomeAt(columns: Columns, place: number): Outcome {
  return columns.numbers.answer[place] === 0 ? "ok" : judge([callReader.call(columns, place)]).outcome
}

/** The hashes of the calls with a container. */
function hashesOf(
  columns: Columns,
  from: number,
  to: number,
  hashAt: (columns: Columns, place: number) => number,
): Set<number> {
  const hashes = new Set<number>()
  for (let place = from; place < to; place++)
    if (columns.texts.containerId[place] !== 0) hashes.add(hashAt(columns, place))
  return hashes
}

function ownerAt({ texts }: Columns, place: number): number {
  const interner = builder.texts
  return joinedHash(interner.hash(texts.node[place] ?? 0), interner.hash(texts.containerId[place] ?? 0))
}

function familyAt(columns: Columns, place: number): number {
  return joinedHash(ownerAt(columns, place), builder.texts.hash(columns.texts.command[place] ?? 0))
}
