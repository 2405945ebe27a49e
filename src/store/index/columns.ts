import type { Exit } from "../../capture/record.ts"
import type { Call, CallState } from "../../model/call.ts"
import type { Outcome } from "../../model/operation.ts"
import type { CallSummary } from "../../model/packed.ts"
import { Dictionary, type Interning } from "./dictionary.ts"

/** One row a call, operation by operation, parents before children. */
const ROWS = {
  wallMs: Float64Array,
  monoMs: Float64Array,
  durationMs: Float64Array,
  spawnMs: Float64Array,
  pid: Uint32Array,
  ppid: Uint32Array,
  /** where the call's lines start, from the start of the block; `NOWHERE` where there is none */
  begin: Uint32Array,
  end: Uint32Array,
  exit: Int32Array,
  depth: Uint16Array,
  level: Uint16Array,
  as: Uint8Array,
  state: Uint8Array,
  exitKind: Uint8Array,
} as const

/** One row an operation. `family`: a hash of its container and command, `owner` of its container; 0 without one. */
const OPERATIONS = { from: Uint32Array, family: Uint32Array, owner: Uint32Array, outcome: Uint8Array } as const

/** Texts of a call, each a number in the block's dictionary; 0 is "none". */
const CALL_TEXTS = [
  "parent",
  "node",
  "parentName",
  "plugin",
  "command",
  "containerId",
  "netns",
  "ifname",
  "network",
  "cniVersion",
] as const satisfies (keyof Call)[]
const POD_TEXTS = ["namespace", "name", "uid"] as const
const SUMMARY_TEXTS = ["reason"] as const
const TEXTS = [...CALL_TEXTS, ...POD_TEXTS, ...SUMMARY_TEXTS] as const

export type TextColumn = (typeof TEXTS)[number]
type Instances<Schema extends Record<string, abstract new (...args: never[]) => unknown>> = {
  [Name in keyof Schema]: InstanceType<Schema[Name]>
}

export type Columns = {
  rows: number
  numbers: Instances<typeof ROWS>
  operations: Instances<typeof OPERATIONS>
  texts: Record<TextColumn, Uint16Array | Uint32Array>
  /** ids, each `idBytes` long, shorter ones filled up with zeros */
  ids: Buffer
  idBytes: number
  dictionary: Dictionary
}

/** Of what size the arrays are: with it and the bytes the columns can be read again. */
export type Shape = { rows: number; operations: number; idBytes: number; texts: number; textBytes: number }

export const NOWHERE = 0xffffffff
const STATES: readonly CallState[] = ["ended", "running", "killed", "unknown"]
const OUTCOMES: readonly Outcome[] = ["ok", "failed", "running", "killed", "unknown"]
const EXITS = ["none", "code", "signal", "errno"] as const
const [KILLED, NO_EXIT, BY_CODE] = [STATES.indexOf("killed"), EXITS.indexOf("none"), EXITS.indexOf("code")]

/** Lays the columns over bytes that start at a multiple of eight; throws RangeError where there are too few. */
export function readColumns(bytes: Buffer, shape: Shape): Columns {
  let at = bytes.byteOffset
  const end = at + bytes.length
  const take = (width: number, length: number) => {
    const place = at
    at += aligned(width * length)
    if (at > end) throw new RangeError("torn index")
    return place
  }
  const lay = <Values>(
    make: { new (buffer: ArrayBufferLike, offset: number, length: number): Values; BYTES_PER_ELEMENT: number },
    length: number,
  ) => new make(bytes.buffer, take(make.BYTES_PER_ELEMENT, length), length)
  const table = <Schema extends Record<string, Parameters<typeof lay>[0]>>(schema: Schema, length: number) =>
    Object.fromEntries(Object.entries(schema).map(([name, make]) => [name, lay(make, length)]))
  const operations = table(OPERATIONS, shape.operations) as Columns["operations"]
  const numbers = table(ROWS, shape.rows) as Columns["numbers"]
  const text = () => (shape.texts < 0x10000 ? lay(Uint16Array, shape.rows) : lay(Uint32Array, shape.rows))
  const texts = Object.fromEntries(TEXTS.map((name) => [name, text()])) as Columns["texts"]
  const ids = Buffer.from(bytes.buffer, take(1, shape.rows * shape.idBytes), shape.rows * shape.idBytes)
  const starts = lay(Uint32Array, shape.texts + 1)
  const textBytes = Buffer.from(bytes.buffer, take(1, shape.textBytes), shape.textBytes)
  const dictionary = new Dictionary(textBytes, starts)
  return { rows: shape.rows, operations, numbers, texts, ids, idBytes: shape.idBytes, dictionary }
}

export function sizeOf({ rows, operations, idBytes, texts, textBytes }: Shape): number {
  const widths = (schema: Record<string, { BYTES_PER_ELEMENT: number }>, length: number) =>
    Object.values(schema).reduce((sum, { BYTES_PER_ELEMENT }) => sum + aligned(BYTES_PER_ELEMENT * length), 0)
  return (
    widths(OPERATIONS, operations) +
    widths(ROWS, rows) +
    TEXTS.length * aligned((texts < 0x10000 ? 2 : 4) * rows) +
    aligned(rows * idBytes) +
    aligned(4 * (texts + 1)) +
    aligned(textBytes)
  )
}

/** Typed arrays start at multiples of their width. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}

export const TEXT_COUNT = TEXTS.length

/** Numbers the texts of a call, in the order that `writeCall` reads them. */
export function internTexts(
  call: Call,
  reason: string | undefined,
  interning: Interning,
  into: Uint32Array,
  at: number,
): void {
  let next = at
  for (const name of CALL_TEXTS) into[next++] = interning.number(call[name])
  const { pod } = call
  for (const name of POD_TEXTS) into[next++] = interning.number(pod?.[name])
  into[next] = interning.number(reason)
}

/** `textNumbers`: of all calls, one after the other. */
export function writeCall(columns: Columns, row: number, call: Call, level: number, textNumbers: Uint32Array): void {
  const { numbers, texts, ids, idBytes } = columns
  numbers.wallMs[row] = call.wallMs
  numbers.monoMs[row] = call.monoMs
  numbers.durationMs[row] = call.durationMs ?? Number.NaN
  numbers.spawnMs[row] = call.spawnMs ?? Number.NaN
  numbers.pid[row] = call.pid
  numbers.ppid[row] = call.ppid
  numbers.depth[row] = call.depth
  numbers.level[row] = level
  numbers.as[row] = call.as === "probe" ? 1 : 0
  numbers.state[row] = STATES.indexOf(call.state)
  const { exit } = call
  if (exit) {
    const kind = "code" in exit ? "code" : "signal" in exit ? "signal" : "errno"
    numbers.exitKind[row] = EXITS.indexOf(kind)
    numbers.exit[row] = "code" in exit ? exit.code : "signal" in exit ? exit.signal : exit.errno
  }
  ids.write(call.id, row * idBytes, "utf8")
  for (let at = 0; at < TEXT_COUNT; at++) texts[TEXTS[at] as TextColumn][row] = textNumbers[row * TEXT_COUNT + at] ?? 0
}

export function outcomeNumber(outcome: Outcome): number {
  return OUTCOMES.indexOf(outcome)
}

export function outcomeAt({ operations }: Columns, operation: number): Outcome {
  return OUTCOMES[operations.outcome[operation] ?? 0] ?? "unknown"
}

export function stateAt({ numbers }: Columns, row: number): CallState {
  return STATES[numbers.state[row] ?? 0] ?? "unknown"
}

/** As `isFailed` judges a call. */
export function isFailedAt({ numbers }: Columns, row: number): boolean {
  const kind = numbers.exitKind[row] ?? 0
  return numbers.state[row] === KILLED || (kind !== NO_EXIT && !(kind === BY_CODE && numbers.exit[row] === 0))
}

export function idAt({ ids, idBytes }: Columns, row: number): string {
  const text = ids.toString("utf8", row * idBytes, (row + 1) * idBytes)
  return text.endsWith("\u0000") ? text.replace(/\0+$/, "") : text
}

export function textAt({ texts, dictionary }: Columns, name: TextColumn, row: number): string | undefined {
  return dictionary.text(texts[name][row] ?? 0)
}

/** One call of the columns, without streams and environment. */
export function callAt(columns: Columns, row: number): Call {
  const { numbers } = columns
  const call: Record<string, unknown> = {
    id: idAt(columns, row),
    depth: numbers.depth[row] ?? 0,
    as: numbers.as[row] === 1 ? "probe" : "relay",
    pid: numbers.pid[row],
    ppid: numbers.ppid[row],
    path: "",
    argv: [],
    env: {},
    envNames: [],
    command: "",
    wallMs: numbers.wallMs[row],
    monoMs: numbers.monoMs[row],
    state: stateAt(columns, row),
  }
  for (const name of CALL_TEXTS) {
    const text = textAt(columns, name, row)
    if (text !== undefined) call[name] = text
  }
  const namespace = textAt(columns, "namespace", row)
  if (namespace !== undefined) {
    const uid = textAt(columns, "uid", row)
    call.pod = { namespace, name: textAt(columns, "name", row) ?? "", ...(uid === undefined ? {} : { uid }) }
  }
  const exit = exitAt(columns, row)
  if (exit) call.exit = exit
  if (!Number.isNaN(numbers.durationMs[row])) call.durationMs = numbers.durationMs[row]
  if (!Number.isNaN(numbers.spawnMs[row])) call.spawnMs = numbers.spawnMs[row]
  return call as Call
}

export function summaryAt(columns: Columns, row: number): CallSummary {
  const reason = textAt(columns, "reason", row)
  return reason === undefined ? {} : { reason }
}

export function exitAt({ numbers }: Columns, row: number): Exit | undefined {
  const value = numbers.exit[row] ?? 0
  switch (EXITS[numbers.exitKind[row] ?? 0]) {
    case "code":
      return { code: value }
    case "signal":
      return { signal: value }
    case "errno":
      return { errno: value }
    default:
      return undefined
  }
}
