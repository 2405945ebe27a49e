import { type Call, type CallState, isFailed } from "../../model/call.ts"
import {
  ANSWERS,
  type CALL_FACTS,
  CALL_STATES,
  type ColumnType,
  factOf,
  NUMBER_FACTS,
  type NumberFact,
  TEXT_FACTS,
  type TextFact,
} from "../../model/call-schema.ts"
import { callWithoutStreams, type FactReader } from "../../model/call-without-streams.ts"
import { EXIT_OK } from "../../model/exit-number.ts"
import type { Outcome } from "../../model/outcome.ts"
import { type CallSummary, NO_SUMMARY } from "../../model/packed-operations.ts"
import { Dictionary } from "./dictionary.ts"

const ARRAYS = {
  float64: Float64Array,
  uint32: Uint32Array,
  exit: Uint32Array,
  uint16: Uint16Array,
  choice: Uint8Array,
} as const satisfies Record<Exclude<ColumnType, "id" | "text">, unknown>

/** Beside its facts: where a call's lines start, from the start of the block, and its level in the operation's tree. */
const PLACES = { begin: Uint32Array, end: Uint32Array, level: Uint16Array } as const

/** The numbers of a call, one row per call, in the order of the file: by type, and by the order of the schema. */
const NUMBERS = {
  ...Object.fromEntries(
    Object.entries(ARRAYS).flatMap(([type, array]) =>
      NUMBER_FACTS.filter((name) => factOf(name).column === type).map((name) => [name, array]),
    ),
  ),
  ...PLACES,
} as {
  [Name in NumberFact]: (typeof ARRAYS)[(typeof CALL_FACTS)[Name]["column"]]
} & typeof PLACES

/** One row per operation. `family`: hash of its node, container and command, `owner`: of its node and container; 0 without a container. */
const OPERATIONS = { from: Uint32Array, family: Uint32Array, owner: Uint32Array, outcome: Uint8Array } as const

/** One row per address in a result, or in the one that a probe was given: its number (`addressNumber`), and where the line starts. */
const ADDRESSES = { number: Uint32Array, line: Uint32Array } as const

/** `summary`: what a list shows of the call's streams (`CallSummary`), as JSON. */
const TEXTS = [...TEXT_FACTS, "summary"] as const

export type TextColumn = TextFact | "summary"
type NumberColumn = keyof typeof NUMBERS
type NumberArray = InstanceType<(typeof NUMBERS)[NumberColumn]>
type Instances<Types extends Record<string, abstract new (...args: never[]) => unknown>> = {
  [Name in keyof Types]: InstanceType<Types[Name]>
}

export type Columns = {
  rows: number
  /** calls, operation by operation, parents before children */
  numbers: Instances<typeof NUMBERS>
  operations: Instances<typeof OPERATIONS>
  /** numbers in the dictionary; 0: no text */
  texts: Record<TextColumn, Uint16Array | Uint32Array>
  /** IDs, each `idBytes` long; shorter ones are padded with zeros */
  ids: Buffer
  idBytes: number
  dictionary: Dictionary
  addresses: AddressColumns
}

export type AddressColumns = Instances<typeof ADDRESSES>

/** Determines the length of each array: with it, the columns can be read from the bytes. */
export type Shape = {
  rows: number
  operations: number
  addresses: number
  idBytes: number
  texts: number
  textBytes: number
}

/** Instead of a line's offset: there is no such line. */
export const NO_LINE = 0xffffffff
const OUTCOMES: readonly Outcome[] = ["ok", "failed", "running", "killed", "unknown"]
const ENDED = CALL_STATES.indexOf("ended")
const KILLED = CALL_STATES.indexOf("killed")

/** Places the columns over bytes that start at a multiple of eight; throws RangeError if there are too few. */
export function readColumns(bytes: Buffer, shape: Shape): Columns {
  let at = bytes.byteOffset
  const end = at + bytes.length
  const take = (width: number, length: number) => {
    const from = at
    at += aligned(width * length)
    if (at > end) throw new RangeError("torn index")
    return from
  }
  const array = <Values>(
    type: { new (buffer: ArrayBufferLike, offset: number, length: number): Values; BYTES_PER_ELEMENT: number },
    length: number,
  ) => new type(bytes.buffer, take(type.BYTES_PER_ELEMENT, length), length)
  const arrays = (types: Record<string, Parameters<typeof array>[0]>, length: number) =>
    Object.fromEntries(Object.entries(types).map(([name, type]) => [name, array(type, length)]))
  const operations = arrays(OPERATIONS, shape.operations) as Columns["operations"]
  const addresses = arrays(ADDRESSES, shape.addresses) as AddressColumns
  const numbers = arrays(NUMBERS, shape.rows) as Columns["numbers"]
  const text = () => (shape.texts < 0x10000 ? array(Uint16Array, shape.rows) : array(Uint32Array, shape.rows))
  const texts = Object.fromEntries(TEXTS.map((name) => [name, text()])) as Columns["texts"]
  const ids = Buffer.from(bytes.buffer, take(1, shape.rows * shape.idBytes), shape.rows * shape.idBytes)
  const starts = array(Uint32Array, shape.texts + 1)
  const textBytes = Buffer.from(bytes.buffer, take(1, shape.textBytes), shape.textBytes)
  const dictionary = new Dictionary(textBytes, starts)
  return { rows: shape.rows, operations, addresses, numbers, texts, ids, idBytes: shape.idBytes, dictionary }
}

/** What the first bytes of a block hold, up to and with the column `durationMs`. */
export type ColumnPrefix = OwnerPrefix &
  Pick<Columns, "rows"> & { numbers: Pick<Columns["numbers"], "monoMs" | "durationMs"> }

/** What the bytes before the columns of calls hold. */
export type OwnerPrefix = Pick<Columns, "operations" | "addresses">

export function prefixBytes(shape: Shape): number {
  const columns = Object.entries(NUMBERS)
  const length = Math.max(...["monoMs", "durationMs"].map((last) => columns.findIndex(([name]) => name === last))) + 1
  return ownerBytes(shape) + bytesOf(Object.fromEntries(columns.slice(0, length)), shape.rows)
}

export function ownerBytes({ operations, addresses }: Shape): number {
  return bytesOf(OPERATIONS, operations) + bytesOf(ADDRESSES, addresses)
}

export function sizeOf(shape: Shape): number {
  const { rows, idBytes, texts, textBytes } = shape
  return (
    ownerBytes(shape) +
    bytesOf(NUMBERS, rows) +
    TEXTS.length * aligned((texts < 0x10000 ? 2 : 4) * rows) +
    aligned(rows * idBytes) +
    aligned(4 * (texts + 1)) +
    aligned(textBytes)
  )
}

function bytesOf(types: Record<string, { BYTES_PER_ELEMENT: number }>, length: number): number {
  return Object.values(types).reduce((sum, { BYTES_PER_ELEMENT }) => sum + aligned(BYTES_PER_ELEMENT * length), 0)
}

/** Typed arrays start at multiples of their width. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}

/** The same columns while a block is built: they grow, and numbers of texts may need 32 bits. */
export type GrowingColumns = Columns["numbers"] & Record<TextColumn, Uint32Array>

export function newColumns(rows: number): GrowingColumns {
  return Object.fromEntries([
    ...Object.entries(NUMBERS).map(([name, type]) => [name, new type(rows)]),
    ...TEXTS.map((name) => [name, new Uint32Array(rows)]),
  ]) as GrowingColumns
}

/** Copies the rows in this order, column by column. */
export function copyRows(from: GrowingColumns, { numbers, texts }: Columns, rows: Uint32Array): void {
  for (const name of Object.keys(NUMBERS) as NumberColumn[]) copyNumbers(from[name], numbers[name], rows)
  for (const name of TEXTS) copyTexts(from[name], texts[name], rows)
}

/** Two functions, because V8 optimizes access to arrays of at most four types in one. */
function copyNumbers(from: NumberArray, to: NumberArray, rows: Uint32Array): void {
  for (let place = 0; place < rows.length; place++) to[place] = from[rows[place] ?? 0] ?? 0
}

function copyTexts(from: Uint32Array, to: Uint16Array | Uint32Array, rows: Uint32Array): void {
  for (let place = 0; place < rows.length; place++) to[place] = from[rows[place] ?? 0] ?? 0
}

export function outcomeNumber(outcome: Outcome): number {
  return OUTCOMES.indexOf(outcome)
}

export function outcomeAt({ operations }: Columns, operation: number): Outcome {
  return OUTCOMES[operations.outcome[operation] ?? 0] ?? "unknown"
}

export function stateAt({ numbers }: Columns, row: number): CallState {
  return CALL_STATES[numbers.state[row] ?? 0] ?? "unknown"
}

/** The same as `isFailed` of the call. */
export function isFailedAt({ numbers }: Columns, row: number): boolean {
  const exit = numbers.exit[row] ?? 0
  return (
    numbers.state[row] === KILLED || (exit !== 0 && exit !== EXIT_OK) || IS_FAILED[numbers.answer[row] ?? 0] === true
  )
}

/** By the number of an answer. */
const IS_FAILED = ANSWERS.map((answer) => answer !== "result" && isFailed({ state: "ended", answer }))

export function isOkAt({ numbers }: Columns, row: number): boolean {
  return numbers.state[row] === ENDED && numbers.exit[row] === EXIT_OK
}

export function idAt({ ids, idBytes }: Columns, row: number): string {
  const text = ids.toString("utf8", row * idBytes, (row + 1) * idBytes)
  return text.endsWith("\u0000") ? text.replace(/\0+$/, "") : text
}

export function textAt({ texts, dictionary }: Columns, name: TextColumn, row: number): string | undefined {
  return dictionary.text(texts[name][row] ?? 0)
}

/** Makes calls from rows. One reader is used for many calls. */
export class RowReader implements FactReader {
  #columns: Columns | undefined
  #row = 0

  call(columns: Columns, row: number): Call {
    this.#columns = columns
    this.#row = row
    return callWithoutStreams(this)
  }

  id(): string {
    return this.#columns ? idAt(this.#columns, this.#row) : ""
  }

  text(name: TextFact): string | undefined {
    return this.#columns && textAt(this.#columns, name, this.#row)
  }

  number(name: NumberFact): number {
    return this.#columns?.numbers[name][this.#row] ?? Number.NaN
  }
}

export function summaryAt(columns: Columns, row: number): CallSummary {
  const summary = textAt(columns, "summary", row)
  return summary === undefined ? NO_SUMMARY : (JSON.parse(summary) as CallSummary)
}
