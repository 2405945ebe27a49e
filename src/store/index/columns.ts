import type { Exit } from "../../capture/record.ts"
import type { Call, CallState } from "../../model/call.ts"
import type { Grouped } from "../../model/grouping/group-calls.ts"
import type { Outcome } from "../../model/operation.ts"
import type { CallSummary } from "../../model/packed-operations.ts"
import type { BlockBuilder } from "./build/block-builder.ts"
import { Dictionary } from "./dictionary.ts"

/** One row a call, operation by operation, parents before children. */
const ROWS = {
  wallMs: Float64Array,
  monoMs: Float64Array,
  durationMs: Float64Array,
  spawnMs: Float64Array,
  /** NaN where the call never ended */
  maxRssBytes: Float64Array,
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

export const NO_LINE = 0xffffffff
export const STATES: readonly CallState[] = ["ended", "running", "killed", "unknown"]
const OUTCOMES: readonly Outcome[] = ["ok", "failed", "running", "killed", "unknown"]
export const EXIT_KINDS = ["none", "code", "signal", "errno"] as const
const KILLED = STATES.indexOf("killed")
const [NO_EXIT, BY_CODE] = [EXIT_KINDS.indexOf("none"), EXIT_KINDS.indexOf("code")]

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

/** What lies in front: the bytes up to what of the calls `Front` has. */
export type ColumnPrefix = Pick<Columns, "rows" | "operations"> & {
  numbers: Pick<Columns["numbers"], "monoMs" | "durationMs">
}

export function prefixBytes({ rows, operations }: Shape): number {
  const { wallMs, monoMs, durationMs } = ROWS
  return widths(OPERATIONS, operations) + widths({ wallMs, monoMs, durationMs }, rows)
}

export function sizeOf({ rows, operations, idBytes, texts, textBytes }: Shape): number {
  return (
    widths(OPERATIONS, operations) +
    widths(ROWS, rows) +
    TEXTS.length * aligned((texts < 0x10000 ? 2 : 4) * rows) +
    aligned(rows * idBytes) +
    aligned(4 * (texts + 1)) +
    aligned(textBytes)
  )
}

function widths(schema: Record<string, { BYTES_PER_ELEMENT: number }>, length: number): number {
  return Object.values(schema).reduce((sum, { BYTES_PER_ELEMENT }) => sum + aligned(BYTES_PER_ELEMENT * length), 0)
}

/** Typed arrays start at multiples of their width. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}

/** `parents`: by row of what was gathered, the number of the parent's id as a text. */
export function writeCalls(
  { numbers, texts, ids, idBytes }: Columns,
  { table, more, ids: gatheredIds }: BlockBuilder,
  { rows, level }: Grouped,
  parents: Uint32Array,
): void {
  const { bytes, starts } = gatheredIds
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place] ?? 0
    numbers.wallMs[place] = table.wallMs[row] ?? 0
    numbers.monoMs[place] = table.monoMs[row] ?? 0
    numbers.durationMs[place] = table.durationMs[row] ?? 0
    numbers.spawnMs[place] = more.spawnMs[row] ?? 0
    numbers.maxRssBytes[place] = more.maxRssBytes[row] ?? 0
    numbers.pid[place] = more.pid[row] ?? 0
    numbers.ppid[place] = table.ppid[row] ?? 0
    numbers.begin[place] = more.begin[row] ?? 0
    numbers.end[place] = more.end[row] ?? 0
    numbers.exit[place] = more.exit[row] ?? 0
    numbers.exitKind[place] = more.exitKind[row] ?? 0
    numbers.depth[place] = more.depth[row] ?? 0
    numbers.level[place] = level[place] ?? 0
    numbers.as[place] = table.isProbe[row] ?? 0
    numbers.state[place] = table.isProbe[row] === 1 || more.end[row] !== NO_LINE ? ENDED : UNKNOWN
    const id = more.id[row] ?? 0
    const [from = 0, to = 0] = [starts[id], starts[id + 1]]
    for (let at = from; at < to; at++) ids[place * idBytes + at - from] = bytes[at] ?? 0
  }
  const gathered: Record<TextColumn, Uint32Array> = {
    parent: parents,
    node: table.node,
    parentName: more.parentName,
    plugin: table.plugin,
    command: table.command,
    containerId: table.containerId,
    netns: more.netns,
    ifname: table.ifname,
    network: table.network,
    cniVersion: more.cniVersion,
    namespace: more.namespace,
    name: more.name,
    uid: more.uid,
    reason: more.reason,
  }
  for (const name of TEXTS) {
    const [source, target] = [gathered[name], texts[name]]
    for (let place = 0; place < rows.length; place++) target[place] = source[rows[place] ?? 0] ?? 0
  }
}

const ENDED = STATES.indexOf("ended")
const UNKNOWN = STATES.indexOf("unknown")

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

export function isOkAt({ numbers }: Columns, row: number): boolean {
  return numbers.state[row] === ENDED && numbers.exitKind[row] === BY_CODE && numbers.exit[row] === 0
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
  switch (EXIT_KINDS[numbers.exitKind[row] ?? 0]) {
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
