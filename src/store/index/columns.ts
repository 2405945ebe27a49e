import type { Exit } from "../../capture/record.ts"
import type { Call, CallState } from "../../model/call.ts"
import { type Operation, type Outcome, walk } from "../../model/operation.ts"
import type { CallSummary } from "../../model/packed.ts"

/** Where a call's lines start in its segment; -1 where there is none. */
export type Places = { begin: number; end: number }

/** What the index keeps of one call. */
export type Entry = { call: Call; summary: CallSummary; places: Places }

/** Texts of a call, each a number in the segment's dictionary; 0 is "none". */
const TEXTS = [
  "id",
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
const POD = ["namespace", "name", "uid"] as const
const STATES: readonly CallState[] = ["ended", "running", "killed", "unknown"]
export const OUTCOMES: readonly Outcome[] = ["ok", "failed", "running", "killed", "unknown"]
const EXITS = ["none", "code", "signal", "errno"] as const

export const NUMBERS = ["wallMs", "monoMs", "durationMs", "spawnMs", "begin", "end", "operationMs"] as const
export const SMALL = [
  "pid",
  "ppid",
  "depth",
  "as",
  "state",
  "exitKind",
  "exit",
  "level",
  "first",
  "reason",
  "ips",
  "outcome",
] as const
export const TEXT_COLUMNS = [...TEXTS, ...POD] as const

/** Columns of one segment's calls, operation by operation, parents before children. */
export type Columns = {
  rows: number
  numbers: Record<(typeof NUMBERS)[number], Float64Array>
  small: Record<(typeof SMALL)[number], Int32Array>
  texts: Record<(typeof TEXT_COLUMNS)[number], Uint32Array>
  dictionary: Dictionary
}

/** Texts by number, read from their bytes when they are asked for. */
export class Dictionary {
  readonly bytes: Buffer
  /** start of each text in `bytes`, and the end of the last */
  readonly starts: Uint32Array
  readonly #known: (string | undefined)[] = []

  constructor(bytes: Buffer, starts: Uint32Array) {
    this.bytes = bytes
    this.starts = starts
  }

  text(number: number): string | undefined {
    if (number === 0) return undefined
    const known = this.#known[number]
    if (known !== undefined) return known
    const text = this.bytes.toString("utf8", this.starts[number], this.starts[number + 1])
    this.#known[number] = text
    return text
  }
}

/** Lays operations out as columns. `entryOf` gives what is known of a call beyond the model. */
export function toColumns(operations: Operation[], entryOf: (call: Call) => Entry): Columns {
  const calls: { call: Call; level: number; operation: Operation | undefined }[] = []
  for (const operation of operations) {
    for (const { call, level } of walk(operation.calls)) {
      calls.push({ call, level, operation: call.id === operation.id ? operation : undefined })
    }
  }
  const rows = calls.length
  const columns = emptyColumns(rows)
  const numberOf = interning()
  for (const [row, { call, level, operation }] of calls.entries()) {
    const { summary, places } = entryOf(call)
    const { numbers, small, texts } = columns
    numbers.wallMs[row] = call.wallMs
    numbers.monoMs[row] = call.monoMs
    numbers.durationMs[row] = call.durationMs ?? Number.NaN
    numbers.spawnMs[row] = call.spawnMs ?? Number.NaN
    numbers.begin[row] = places.begin
    numbers.end[row] = places.end
    small.pid[row] = call.pid
    small.ppid[row] = call.ppid
    small.depth[row] = call.depth
    small.as[row] = call.as === "probe" ? 1 : 0
    small.state[row] = STATES.indexOf(call.state)
    const [kind, value] = Object.entries(call.exit ?? { none: 0 })[0] ?? ["none", 0]
    small.exitKind[row] = EXITS.indexOf(kind as (typeof EXITS)[number])
    small.exit[row] = Number(value)
    small.level[row] = level
    small.first[row] = operation ? 1 : 0
    small.outcome[row] = operation ? OUTCOMES.indexOf(operation.outcome) : 0
    numbers.operationMs[row] = operation?.durationMs ?? Number.NaN
    small.reason[row] = numberOf.intern(summary.reason)
    small.ips[row] = numberOf.intern(summary.ips?.join(" "))
    for (const name of TEXTS) texts[name][row] = numberOf.intern(call[name])
    for (const name of POD) texts[name][row] = numberOf.intern(call.pod?.[name])
  }
  return { ...columns, dictionary: numberOf.finish() }
}

/** One call of the columns, without streams and environment. */
export function callAt({ numbers, small, texts, dictionary }: Columns, row: number): Call {
  const call: Record<string, unknown> = {
    depth: small.depth[row] ?? 0,
    as: small.as[row] === 1 ? "probe" : "relay",
    pid: small.pid[row],
    ppid: small.ppid[row],
    path: "",
    argv: [],
    env: {},
    envNames: [],
    command: "",
    wallMs: numbers.wallMs[row],
    monoMs: numbers.monoMs[row],
    state: STATES[small.state[row] ?? 0],
  }
  for (const name of TEXTS) {
    const number = texts[name][row]
    if (number) call[name] = dictionary.text(number)
  }
  const namespace = dictionary.text(texts.namespace[row] ?? 0)
  if (namespace !== undefined) {
    const uid = dictionary.text(texts.uid[row] ?? 0)
    call.pod = { namespace, name: dictionary.text(texts.name[row] ?? 0) ?? "", ...(uid === undefined ? {} : { uid }) }
  }
  const exit = exitAt(small, row)
  if (exit) call.exit = exit
  if (!Number.isNaN(numbers.durationMs[row])) call.durationMs = numbers.durationMs[row]
  if (!Number.isNaN(numbers.spawnMs[row])) call.spawnMs = numbers.spawnMs[row]
  return call as Call
}

export function summaryAt({ small, dictionary }: Columns, row: number): CallSummary {
  const reason = dictionary.text(small.reason[row] ?? 0)
  const ips = dictionary.text(small.ips[row] ?? 0)
  return { ...(reason === undefined ? {} : { reason }), ...(ips === undefined ? {} : { ips: ips.split(" ") }) }
}

export function placesAt({ numbers }: Columns, row: number): Places {
  return { begin: numbers.begin[row] ?? -1, end: numbers.end[row] ?? -1 }
}

export function emptyColumns(rows: number): Columns {
  const table = <Name extends string, Values>(names: readonly Name[], make: () => Values) =>
    Object.fromEntries(names.map((name) => [name, make()])) as Record<Name, Values>
  return {
    rows,
    numbers: table(NUMBERS, () => new Float64Array(rows)),
    small: table(SMALL, () => new Int32Array(rows)),
    texts: table(TEXT_COLUMNS, () => new Uint32Array(rows)),
    dictionary: new Dictionary(Buffer.alloc(0), new Uint32Array(2)),
  }
}

function exitAt(small: Columns["small"], row: number): Exit | undefined {
  const value = small.exit[row] ?? 0
  switch (EXITS[small.exitKind[row] ?? 0]) {
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

function interning() {
  const numbers = new Map<string, number>()
  const texts: string[] = [""]
  return {
    intern(text: string | undefined): number {
      if (text === undefined || text === "") return 0
      const known = numbers.get(text)
      if (known !== undefined) return known
      numbers.set(text, texts.length)
      return texts.push(text) - 1
    },
    finish(): Dictionary {
      const starts = new Uint32Array(texts.length + 1)
      let at = 0
      for (const [number, text] of texts.entries()) {
        starts[number] = at
        at += Buffer.byteLength(text)
      }
      starts[texts.length] = at
      return new Dictionary(Buffer.from(texts.join("")), starts)
    },
  }
}
