import { type Call, podKey } from "../../../model/call.ts"
import {
  ANSWERS,
  CALL_STATES,
  type FactName,
  factOf,
  type NumberFact,
  type TextFact,
} from "../../../model/call-schema.ts"
import { exitOf } from "../../../model/exit-number.ts"
import { type FieldName, fieldOf, type Value } from "../../../model/filter/field.ts"
import type { Filter, Test } from "../../../model/filter/filter.ts"
import { combine, fieldsOf, toMatcher } from "../../../model/filter/match.ts"
import { type Columns, idAt, outcomeAt, stateAt } from "../columns.ts"

/** Whether an operation can match as far as its columns show: most are ruled out without making their calls. */
export type MayMatch = (operation: number) => boolean

/** Whether a call matches, by its row; undefined if the columns do not decide it. */
export function matchesRow(columns: Columns, filter: Filter): (row: number) => boolean | undefined {
  const decide = combine<RowRange>(filter, (test) => columnTest(columns, test, false))
  const range: RowRange = { operation: 0, from: 0, to: 0 }
  return (row) => {
    range.from = row
    range.to = row + 1
    return decide(range)
  }
}

/** The rows to test: one call, or all calls of an operation. */
type RowRange = { operation: number; from: number; to: number }

/**
 * Needs no `nowMs`: calls in flight are in spanning operations, which are not matched by columns. `mayRow`: what is known
 * about a call that its columns do not decide.
 */
export function mayMatch(columns: Columns, filter: Filter, mayRow: (row: number) => boolean = () => true): MayMatch {
  const isOfOperation = fieldsOf(filter).every((name) => fieldOf(name).operation)
  const decide = combine<RowRange>(filter, (test) => columnTest(columns, test, isOfOperation))
  const { from } = columns.operations
  const range: RowRange = { operation: 0, from: 0, to: 0 }
  return (operation) => {
    const end = from[operation + 1] ?? columns.rows
    range.operation = operation
    range.from = from[operation] ?? 0
    range.to = end
    if (isOfOperation) return decide(range) !== false
    for (; range.from < end; range.from++) {
      range.to = range.from + 1
      if (decide(range) ?? mayRow(range.from)) return true
    }
    return false
  }
}

/** Whether `mayMatch` decides tests of the field, if the operation lies in one block. */
export function isInColumns(field: FieldName): boolean {
  const { fact } = fieldOf(field)
  return fact === undefined ? field in COMPUTED_TESTS : factOf(fact).column !== undefined
}

type RowTest = (row: RowRange) => boolean | undefined
type TestMaker = (columns: Columns, test: Test, isOfOperation: boolean) => RowTest

/** Computed fields that columns decide. */
const COMPUTED_TESTS: Partial<Record<FieldName, TestMaker>> = {
  pod: podTest,
  id: (columns, test) => idTest(columns, test),
  outcome: (columns, test, isOfOperation) =>
    isOfOperation ? operationOutcomeTest(columns, test) : endTest(columns, test),
  exit: endTest,
  signal: endTest,
  duration: durationTest,
}

function columnTest(columns: Columns, test: Test, isOfOperation: boolean): RowTest {
  const { fact } = fieldOf(test.field)
  const make = fact === undefined ? COMPUTED_TESTS[test.field] : factTestOf(fact)
  return make ? make(columns, test, isOfOperation) : () => undefined
}

function factTestOf(fact: FactName): TestMaker | undefined {
  const { column, values } = factOf(fact)
  if (column === undefined) return undefined
  if (column === "text") return (columns, test) => textTest(columns, test, fact as TextFact)
  if (column === "choice")
    return (columns, test) => numberTest(columns, test, fact as NumberFact, (number) => values?.[number])
  return (columns, test) => numberTest(columns, test, fact as NumberFact, (number) => number)
}

/** The test of one value, or of none. */
function valueTest(test: Test): (...values: (Value | undefined)[]) => boolean | undefined {
  const { decide } = toMatcher(test)
  return (...values) => decide(() => values)
}

/** A text occurs many times and is tested once. */
function textTest({ texts, dictionary }: Columns, test: Test, fact: TextFact): RowTest {
  const is = valueTest(test)
  const numbers = texts[fact]
  // An unset CNI_COMMAND is the empty text, not a missing one.
  const none = is(fact === "command" ? "" : undefined)
  const tested = new Uint8Array(dictionary.size)
  return ({ from }) => {
    const number = numbers[from] ?? 0
    if (number === 0) return none
    const before = tested[number]
    if (before) return before === 2
    const isMatch = is(dictionary.text(number) ?? "") === true
    tested[number] = isMatch ? 2 : 1
    return isMatch
  }
}

function numberTest(
  { numbers }: Columns,
  test: Test,
  fact: NumberFact,
  toValue: (number: number) => Value | undefined,
): RowTest {
  const is = valueTest(test)
  const column = numbers[fact]
  return ({ from }) => {
    const number = column[from] ?? Number.NaN
    return is(Number.isNaN(number) ? undefined : toValue(number))
  }
}

function operationOutcomeTest(columns: Columns, test: Test): RowTest {
  const is = valueTest(test)
  return ({ operation }) => is(outcomeAt(columns, operation))
}

function durationTest(columns: Columns, test: Test, isOfOperation: boolean): RowTest {
  const is = valueTest(test)
  const { durationMs: column } = columns.numbers
  return ({ from, to }) => {
    const durationMs = isOfOperation ? operationMs(columns, from, to) : (column[from] ?? Number.NaN)
    return is(Number.isNaN(durationMs) ? undefined : durationMs)
  }
}

/** Most calls end in one of a few ways, and each is tested once. */
function endTest(columns: Columns, test: Test): RowTest {
  const { decide } = toMatcher(test)
  const { state, exit, answer } = columns.numbers
  const { call } = fieldOf(test.field)
  const tested = new Map<number, boolean | undefined>()
  return ({ from }) => {
    const answered = ANSWERS[answer[from] ?? 0]
    const key = ((exit[from] ?? 0) * CALL_STATES.length + (state[from] ?? 0)) * ANSWERS.length + (answer[from] ?? 0)
    if (tested.has(key)) return tested.get(key)
    // The fields with this test look at no other members of a call.
    const ended = { state: stateAt(columns, from), exit: exitOf(exit[from] ?? 0) } as Call
    if (answered && answered !== "result") ended.answer = answered
    const is = decide(() => call(ended, undefined))
    tested.set(key, is)
    return is
  }
}

function podTest({ texts, dictionary }: Columns, test: Test): RowTest {
  const is = valueTest(test)
  const { namespace, podName } = texts
  const tested = new Map<number, boolean | undefined>()
  return ({ from }) => {
    const key = (namespace[from] ?? 0) * 0x100000000 + (podName[from] ?? 0)
    if (tested.has(key)) return tested.get(key)
    const [space, name] = [dictionary.text(namespace[from] ?? 0), dictionary.text(podName[from] ?? 0)]
    const isMatch = name === undefined ? is() : is(name, podKey({ namespace: space, name }))
    tested.set(key, isMatch)
    return isMatch
  }
}

function idTest(columns: Columns, test: Test): RowTest {
  const { operator, values } = test
  if (operator === "=" && values.every(({ kind }) => kind === "text"))
    return idPrefixTest(
      columns,
      values.map(({ text }) => Buffer.from(text)),
    )
  const { decide } = toMatcher(test)
  return ({ from, to }) => decide(() => Array.from({ length: to - from }, (_, at) => idAt(columns, from + at)))
}

/** Compares bytes: to show one of a million calls, no other call's ID should be decoded. */
function idPrefixTest({ ids, idBytes }: Columns, prefixes: Buffer[]): RowTest {
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

/** The same as in `toOperation`: from the start of the first to the end of the last top-level call. */
function operationMs({ numbers }: Columns, from: number, to: number): number {
  let last = from
  for (let row = from; row < to; row++) if (numbers.level[row] === 0) last = row
  const durationMs = numbers.as[last] === 1 ? numbers.durationMs[last] || 0 : (numbers.durationMs[last] ?? Number.NaN)
  return Math.round(((numbers.monoMs[last] ?? 0) + durationMs - (numbers.monoMs[from] ?? 0)) * 1000) / 1000
}
