import { CALL_STATES } from "../../../model/call-schema.ts"
import { EXIT_OK } from "../../../model/exit-number.ts"
import type { CallTable } from "../../../model/grouping/call-table.ts"
import type { ByteSlice, RecordHeader } from "../../scan/read-header.ts"
import { type AddressColumns, type GrowingColumns, NO_LINE, newColumns } from "../columns.ts"
import { Interner } from "../interner.ts"
import { Answers } from "./answers.ts"
import { BEGIN_NUMBERS, BEGIN_TEXTS, beginState, END_NUMBERS, PROBE } from "./header-facts.ts"

const NONE = -1
const ENDED = CALL_STATES.indexOf("ended")
const FIRST_ROWS = 4096

/** The calls of a block while its lines are read, one row each. One builder is used for all blocks, so that it grows once. */
export class BlockBuilder {
  readonly ids = new Interner()
  readonly texts = new Interner()
  /** what the last plugin of an ADD printed, as far as it may be the last */
  readonly answers = new Answers()
  rows = 0
  columns = newColumns(FIRST_ROWS)
  /** by row: numbers of the call's and its parent's ID in `ids`; -1 without a parent */
  id = new Uint32Array(FIRST_ROWS)
  parentId = new Int32Array(FIRST_ROWS)
  /** one row per address in a line */
  addresses = 0
  address = newAddresses(FIRST_ROWS)
  #rowOfId = new Int32Array(FIRST_ROWS).fill(NONE)
  #fills = fillsOf(this.columns)

  clear(): void {
    this.ids.clear()
    this.texts.clear()
    this.answers.clear()
    this.rows = 0
    this.addresses = 0
    this.#rowOfId.fill(NONE)
  }

  /** `at`: where the line starts, from the start of the block. A repeated begin line replaces the first. */
  begin(header: RecordHeader, at: number): void {
    const id = this.#idOf(header.id)
    let row = this.#rowOfId[id] ?? NONE
    if (row === NONE) {
      row = this.rows++
      if (row === this.id.length) this.#grow()
      this.#rowOfId[id] = row
      this.id[row] = id
    }
    const { columns, texts } = this
    for (const { column, of } of this.#fills.beginTexts) column[row] = texts.number(of(header))
    for (const { column, of } of this.#fills.beginNumbers) column[row] = of(header)
    for (const { column } of this.#fills.endNumbers) column[row] = NO_NUMBER
    this.parentId[row] = header.parent.to > header.parent.from ? this.#idOf(header.parent) : NONE
    columns.state[row] = beginState(header)
    columns.exit[row] = 0
    columns.answer[row] = 0
    columns.summary[row] = 0
    this.answers.begin(row, header)
    columns.begin[row] = at
    columns.end[row] = NO_LINE
  }

  /** False if the end line belongs to no call that began in the block, or to one that has ended. */
  end(header: RecordHeader, at: number): boolean {
    const { columns, texts } = this
    const row = this.#rowOfId[this.#idOf(header.id)] ?? NONE
    if (row === NONE || columns.end[row] !== NO_LINE) return false
    for (const { column, of } of this.#fills.endNumbers) column[row] = of(header)
    const { summary, lateConfig } = header
    columns.state[row] = ENDED
    columns.end[row] = at
    this.answers.end(row, header)
    if (summary.reason !== undefined) columns.summary[row] = texts.numberOf(JSON.stringify(summary))
    if (lateConfig?.network) columns.network[row] = texts.numberOf(lateConfig.network)
    if (lateConfig?.cniVersion) columns.cniVersion[row] = texts.numberOf(lateConfig.cniVersion)
    return true
  }

  /** `at`: where the line starts, from the start of the block. */
  addAddresses(numbers: readonly number[], at: number): void {
    for (let index = 0; index < numbers.length; index++) {
      if (this.addresses === this.address.number.length) this.#growAddresses()
      this.address.number[this.addresses] = numbers[index] ?? 0
      this.address.line[this.addresses++] = at
    }
  }

  /** For grouping. To be called after the last line: a child's line may precede its parent's. */
  table(): CallTable {
    const { rows, columns } = this
    const parentRow = new Int32Array(rows)
    const isFailed = new Uint8Array(rows)
    for (let row = 0; row < rows; row++) {
      const parentId = this.parentId[row] ?? NONE
      parentRow[row] = parentId === NONE ? NONE : (this.#rowOfId[parentId] ?? NONE)
      const exit = columns.exit[row] ?? 0
      isFailed[row] = exit === 0 || exit === EXIT_OK ? 0 : 1
    }
    return { ...columns, rows, parentRow, isProbe: columns.as.map((as) => (as === PROBE ? 1 : 0)), isFailed }
  }

  #idOf(id: ByteSlice): number {
    const number = this.ids.number(id)
    if (number >= this.#rowOfId.length) {
      const rows = new Int32Array(2 * this.#rowOfId.length).fill(NONE)
      rows.set(this.#rowOfId)
      this.#rowOfId = rows
    }
    return number
  }

  #growAddresses(): void {
    const { number, line } = this.address
    this.address = newAddresses(2 * number.length)
    this.address.number.set(number)
    this.address.line.set(line)
  }

  #grow(): void {
    const length = 2 * this.id.length
    const columns = newColumns(length)
    for (const name of Object.keys(columns) as (keyof GrowingColumns)[]) columns[name].set(this.columns[name])
    this.columns = columns
    this.#fills = fillsOf(columns)
    const [id, parentId] = [new Uint32Array(length), new Int32Array(length)]
    id.set(this.id)
    parentId.set(this.parentId)
    this.id = id
    this.parentId = parentId
  }
}

function newAddresses(length: number): AddressColumns {
  return { number: new Uint32Array(length), line: new Uint32Array(length) }
}

/** 0 in a column of integers. */
const NO_NUMBER = Number.NaN

/** Columns with the functions that read their values, in arrays: looking them up by name would be slow for each call. */
function fillsOf(columns: GrowingColumns) {
  const fills = <Name extends keyof GrowingColumns, Of>(readers: Record<Name, Of>) =>
    (Object.keys(readers) as Name[]).map((name) => ({ column: columns[name], of: readers[name] }))
  return { beginTexts: fills(BEGIN_TEXTS), beginNumbers: fills(BEGIN_NUMBERS), endNumbers: fills(END_NUMBERS) }
}
