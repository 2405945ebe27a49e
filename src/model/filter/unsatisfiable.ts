import { type FieldName, fieldOf } from "./field.ts"
import type { Filter, Place, Test } from "./filter.ts"
import { toMatcher } from "./match.ts"
import { filterText } from "./text.ts"

/** Why a filter can never match. `message` is one sentence without a full stop. */
export type Unsatisfiable = Partial<Place> & { message: string }

/** A filter with more alternatives is not examined. */
const MOST_BRANCHES = 200

/** Undefined if something could match, judging by the filter alone. */
export function whyUnsatisfiable(filter: Filter): Unsatisfiable | undefined {
  const found = branches(filter, false)?.map(conflict)
  return found?.every((reason) => reason !== undefined) ? found[0] : undefined
}

/** The filter in disjunctive normal form: alternatives, each a list of tests that must all hold. Undefined: too many. */
function branches(filter: Filter, isNegated: boolean): Test[][] | undefined {
  if (filter.kind === "not") return branches(filter.part, !isNegated)
  if (filter.kind === "test") {
    const test = isNegated ? negate(filter) : filter
    return [test ? [test] : []]
  }
  const parts: Test[][][] = []
  for (const part of filter.parts) {
    const own = branches(part, isNegated)
    if (!own) return undefined
    parts.push(own)
  }
  const isAnd = (filter.kind === "and") !== isNegated
  let all: Test[][] = isAnd ? [[]] : []
  for (const own of parts) {
    all = isAnd ? all.flatMap((before) => own.map((after) => [...before, ...after])) : [...all, ...own]
    if (all.length > MOST_BRANCHES) return undefined
  }
  return all
}

/** `not exit=0` also matches a call without an exit status, so nothing can be concluded from it. */
function negate(test: Test): Test | undefined {
  if (test.values[0]?.kind === "number") return undefined
  const opposite = { "=": "!=", "!=": "=", "~": "!~", "!~": "~" } as const
  const operator = opposite[test.operator as keyof typeof opposite]
  return operator && { ...test, operator }
}

function conflict(tests: Test[]): Unsatisfiable | undefined {
  for (const name of new Set(tests.map(({ field }) => field))) {
    const own = tests.filter(({ field }) => field === name)
    const never = fieldConflict(name, own)
    if (never) return never
  }
  return undefined
}

function fieldConflict(name: FieldName, own: Test[]): Unsatisfiable | undefined {
  const { values, isOpen, isMany, range } = fieldOf(name)
  for (const test of own) {
    const alone = test.operator === "=" || test.values[0]?.kind === "number"
    if (!alone || isPossible([test], candidatesOf(name, [test]))) continue
    if (range) return { ...test.place, message: `${filterText(test)} never holds: ${name} is ${rangeText(range)}` }
    if (values && isOpen) {
      return { ...test.place, message: `${filterText(test)} never holds: a ${name} is one of ${values.join(", ")}` }
    }
  }
  if (isMany || (name === "pod" && isMixed(own))) return undefined
  const candidates = candidatesOf(name, own)
  if (isPossible(own, candidates)) return undefined
  return { ...own.at(-1)?.place, message: `${own.map(filterText).join(" and ")} never hold for one call` }
}

function isPossible(tests: Test[], candidates: readonly (string | number)[] | undefined): boolean {
  if (!candidates) return true
  const { decide } = toMatcher({ kind: "and", parts: tests })
  return candidates.some((candidate) => decide(() => [candidate]))
}

/** If any value matches, one of these does. Undefined if no finite list has this property. */
function candidatesOf(name: FieldName, tests: Test[]): readonly (string | number)[] | undefined {
  const { kind, values, isOpen, range } = fieldOf(name)
  if (kind === "choice" && !isOpen) return values
  if (kind === "stream" || kind === "address") return undefined
  const operands = tests.flatMap((test) => test.values)
  const numbers = operands.flatMap((operand) => (operand.kind === "number" ? [operand.number] : []))
  if (numbers.length > 0) {
    const isWhole = kind === "number" || kind === "signal"
    return witnesses(numbers, range).filter(
      (number) => !isWhole || !Number.isFinite(number) || Number.isInteger(number),
    )
  }
  const isFixed = tests.some((test) => test.operator === "=" && test.values.every((value) => value.kind === "text"))
  if (!isFixed) return undefined
  const texts = tests.flatMap((test) => (test.operator === "=" ? test.values.map(({ text }) => text) : []))
  return isOpen ? texts.filter((text) => values?.includes(text)) : texts
}

/** The numbers in the tests, their neighbours, numbers between and beyond them, and the ends of the range. */
function witnesses(numbers: number[], [least, most]: readonly [number, number] = [-Infinity, Infinity]): number[] {
  const sorted = [...numbers].sort((a, b) => a - b)
  const between = sorted.slice(1).map((number, at) => ((sorted[at] ?? number) + number) / 2)
  const around = sorted.flatMap((number) => [number - 1, number, number + 1])
  return [...around, ...between, least, most].filter((number) => number >= least && number <= most)
}

function isMixed(tests: Test[]): boolean {
  const hasSlash = tests.flatMap((test) => test.values.map(({ text }) => text.includes("/")))
  return new Set(hasSlash).size > 1
}

function rangeText([least, most]: readonly [number, number]): string {
  return most === Number.POSITIVE_INFINITY ? `at least ${least}` : `between ${least} and ${most}`
}
