import type { Call } from "../../../model/call.ts"
import { type FieldName, fieldOf, type Value } from "../../../model/filter/field.ts"
import type { Filter, Test } from "../../../model/filter/filter.ts"
import { combine, fieldsOf, toMatcher } from "../../../model/filter/match.ts"
import {
  type Columns,
  EXIT_KINDS,
  exitAt,
  idAt,
  outcomeAt,
  STATES,
  stateAt,
  type TextColumn,
  textAt,
} from "../columns.ts"

/** Whether an operation can match, as far as the columns tell: most are ruled out without being made. */
export type MayMatch = (operation: number) => boolean

/** Whether a call matches, by its row; undefined where the columns do not tell. */
export function matchesRow(columns: Columns, filter: Filter): (row: number) => boolean | undefined {
  const decide = combine<RowRange>(filter, (test) => columnTest(columns, test, false))
  const place: RowRange = { operation: 0, from: 0, to: 0 }
  return (row) => {
    place.from = row
    place.to = row + 1
    return decide(place)
  }
}

type RowRange = { operation: number; from: number; to: number }

/**
 * `nowMs` is not asked for: calls in flight are never judged by the columns. `mayRow`: what is known beside the columns
 * of a call that they do not decide.
 */
export function mayMatch(columns: Columns, filter: Filter, mayRow: (row: number) => boolean = () => true): MayMatch {
  const ofOperation = fieldsOf(filter).every((name) => fieldOf(name).operation)
  const decide = combine<RowRange>(filter, (test) => columnTest(columns, test, ofOperation))
  const { from } = columns.operations
  const row: RowRange = { operation: 0, from: 0, to: 0 }
  return (operation) => {
    const end = from[operation + 1] ?? columns.rows
    row.operation = operation
    row.from = from[operation] ?? 0
    row.to = end
    if (ofOperation) return decide(row) !== false
    for (; row.from < end; row.from++) {
      row.to = row.from + 1
      if (decide(row) ?? mayRow(row.from)) return true
    }
    return false
  }
}

const TEXTS: Partial<Record<FieldName, TextColumn>> = {
  command: "command",
  plugin: "plugin",
  namespace: "namespace",
  node: "node",
  network: "network",
  container: "containerId",
  ifname: "ifname",
  netns: "netns",
  cniVersion: "cniVersion",
  runtime: "parentName",
}

/** Fields that tell how a call ended. */
const OF_END: readonly FieldName[] = ["state", "exit", "signal", "outcome"]

/** Whether `mayMatch` decides what asks for the field, where an operation lies in one block. */
export function isInColumns(field: FieldName): boolean {
  return TEXTS[field] !== undefined || OF_END.includes(field) || OTHERS.includes(field)
}

const OTHERS: readonly FieldName[] = ["pod", "id", "time", "duration", "memory", "depth"]

function columnTest(columns: Columns, test: Test, ofOperation: boolean): (row: RowRange) => boolean | undefined {
  const { decide } = toMatcher(test)
  const judge = (...values: (Value | undefined)[]) => decide(() => values)
  const { numbers, texts } = columns
  const column = TEXTS[test.field]
  if (column) {
    const none = judge(column === "command" ? "" : undefined)
    const judged = perText(columns, (text) => judge(text), none)
    const own = texts[column]
    return ({ from }) => judged(own[from] ?? 0)
  }
  if (test.field === "pod") return podTest(columns, judge)
  if (test.field === "id") {
    const isPlain = test.operator === "=" && test.values.every(({ kind }) => kind === "text")
    if (isPlain)
      return idPrefixTest(
        columns,
        test.values.map(({ text }) => Buffer.from(text)),
      )
    return ({ from, to }) => idTest(columns, from, to, decide)
  }
  if (test.field === "time") return ({ from }) => judge(numbers.wallMs[from])
  if (test.field === "duration") {
    return ({ from, to }) => {
      const durationMs = ofOperation ? operationMs(columns, from, to) : numbers.durationMs[from]
      return judge(durationMs !== undefined && Number.isNaN(durationMs) ? undefined : durationMs)
    }
  }
  if (test.field === "memory") {
    return ({ from }) => {
      const bytes = numbers.maxRssBytes[from] ?? Number.NaN
      return judge(Number.isNaN(bytes) ? undefined : bytes)
    }
  }
  if (test.field === "outcome" && ofOperation) return ({ operation }) => judge(outcomeAt(columns, operation))
  if (test.field === "depth") return ({ from }) => judge(numbers.depth[from])
  if (OF_END.includes(test.field)) return endTest(columns, test.field, decide)
  return () => undefined
}

/** Most calls end in the same few ways, and each is judged once. */
function endTest(
  columns: Columns,
  field: FieldName,
  decide: ReturnType<typeof toMatcher>["decide"],
): (row: RowRange) => boolean | undefined {
  const { state, exit, exitKind } = columns.numbers
  const { call } = fieldOf(field)
  const known = new Map<number, boolean | undefined>()
  return ({ from }) => {
    const key = ((exit[from] ?? 0) * EXIT_KINDS.length + (exitKind[from] ?? 0)) * STATES.length + (state[from] ?? 0)
    if (known.has(key)) return known.get(key)
    // Of a whole call these fields look at no more than this.
    const is = decide(() => call({ state: stateAt(columns, from), exit: exitAt(columns, from) } as Call, undefined))
    known.set(key, is)
    return is
  }
}

/** A text comes many times, and is judged once. */
function perText(
  { dictionary }: Columns,
  judge: (text: string) => boolean | undefined,
  none: boolean | undefined,
): (number: number) => boolean | undefined {
  const known = new Uint8Array(dictionary.size)
  return (number) => {
    if (number === 0) return none
    const before = known[number]
    if (before) return before === 2
    const is = judge(dictionary.text(number) ?? "") === true
    known[number] = is ? 2 : 1
    return is
  }
}

function podTest(
  columns: Columns,
  judge: (...values: string[]) => boolean | undefined,
): (row: RowRange) => boolean | undefined {
  const { namespace, name } = columns.texts
  const known = new Map<number, boolean | undefined>()
  return ({ from }) => {
    const key = (namespace[from] ?? 0) * 0x100000000 + (name[from] ?? 0)
    if (known.has(key)) return known.get(key)
    const own = textAt(columns, "name", from) ?? ""
    const space = textAt(columns, "namespace", from)
    const is = space === undefined ? judge() : judge(own, `${space}/${own}`)
    known.set(key, is)
    return is
  }
}

/** The same by bytes: whoever shows one of a million calls asks for no other's id. */
function idPrefixTest({ ids, idBytes }: Columns, prefixes: Buffer[]): (row: RowRange) => boolean {
  const isAt = (prefix: Buffer, start: number) => {
    if (prefix.length > idBytes) return false
    for (let at = 0; at < prefix.length; at++) if (ids[start + at] !== prefix[at]) return false
    return true
  }
  return ({ from, to }) => {
    for (let row = from; row < to; row++) if (prefixes.some((prefix) => isAt(prefix, row * idBytes))) return true
    return false
  }
}

function idTest(columns: Columns, from: number, to: number, decide: ReturnType<typeof toMatcher>["decide"]) {
  const ids: string[] = []
  for (let row = from; row < to; row++) ids.push(idAt(columns, row))
  return decide(() => ids)
}

/** As `toOperation` takes it: from the first call to the end of the last that the runtime made. */
function operationMs({ numbers }: Columns, from: number, to: number): number {
  let last = from
  for (let row = from; row < to; row++) if (numbers.level[row] === 0) last = row
  const durationMs = numbers.as[last] === 1 ? numbers.durationMs[last] || 0 : (numbers.durationMs[last] ?? Number.NaN)
  return Math.round(((numbers.monoMs[last] ?? 0) + durationMs - (numbers.monoMs[from] ?? 0)) * 1000) / 1000
}
