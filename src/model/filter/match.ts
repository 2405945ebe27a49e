import { contains, parseAddress, parsePrefix } from "../../cni/address.ts"
import type { Call } from "../call.ts"
import { walk } from "../operation.ts"
import type { CallSummary } from "../packed-operations.ts"
import { type FieldName, type FieldSource, type FilteredOperation, fieldOf, fieldSource, type Value } from "./field.ts"
import { type Filter, type Operand, type Test, tests } from "./filter.ts"
import { summaryIn } from "./listed-texts.ts"

/**
 * The values of a field: an empty list if there are none, undefined if they are not known yet. `isContained`: they are
 * searched for a text, and may be joined into one in lower case.
 */
export type FieldValues = (field: FieldName, isContained: boolean) => readonly (Value | undefined)[] | undefined

export type Matcher = {
  /** `summary`: of a call without streams */
  call(call: Call, summary?: CallSummary): boolean
  /**
   * A filter with only fields that operations have (pod, command, outcome, duration, ...) is tested on the operation as
   * a whole; a filter with a field of single calls (plugin, exit, stderr, ...) must hold for one of its calls.
   */
  operation(operation: FilteredOperation): boolean
  /** undefined: the values do not decide it, the call itself must be read */
  decide(values: FieldValues): boolean | undefined
}

/** Compiles a filter for use on many calls. `nowMs` gives calls in flight a duration so far. */
export function toMatcher(filter: Filter, nowMs?: number): Matcher {
  const decide = compile(filter)
  const call = (one: Call, summary?: CallSummary) => decide((name) => fieldOf(name).call(one, nowMs, summary)) === true
  const isOfOperations = fieldsOf(filter).every((name) => fieldOf(name).operation)
  return {
    call,
    operation: isOfOperations
      ? (operation) => decide((name, isContained) => valuesOf(operation, name, isContained, nowMs)) === true
      : (operation) => walk(operation.calls).some(({ call: one }) => call(one, summaryIn(operation, one))),
    decide,
  }
}

function valuesOf(
  operation: FilteredOperation,
  name: FieldName,
  isContained: boolean,
  nowMs: number | undefined,
): readonly (Value | undefined)[] | undefined {
  const field = fieldOf(name)
  return isContained && field.joined ? [field.joined(operation)] : field.operation?.(operation, nowMs)
}

/** The fields in the filter, each once. */
export function fieldsOf(filter: Filter): FieldName[] {
  return [...new Set([...tests(filter)].map(({ field }) => field))]
}

/** The most that must be read of a call to decide the filter. */
export function sourceOf(filter: Filter): FieldSource {
  const sources = fieldsOf(filter).map(fieldSource)
  return SOURCES.findLast((source) => sources.includes(source)) ?? "list"
}

const SOURCES: readonly FieldSource[] = ["list", "record", "stream"]

/** Whether calls without streams are not enough to decide the filter. */
export function needsRecords(filter: Filter): boolean {
  return sourceOf(filter) !== "list"
}

type Decision = (values: FieldValues) => boolean | undefined

function compile(filter: Filter): Decision {
  return combine(filter, compileTest)
}

/** Combines the decisions on the filter's tests, which `decide` makes; undefined if they do not decide the filter. */
export function combine<About>(
  filter: Filter,
  decide: (test: Test) => (about: About) => boolean | undefined,
): (about: About) => boolean | undefined {
  if (filter.kind === "test") return decide(filter)
  if (filter.kind === "not") {
    const part = combine(filter.part, decide)
    return (about) => {
      const is = part(about)
      return is === undefined ? undefined : !is
    }
  }
  const parts = filter.parts.map((part) => combine(part, decide))
  const decisive = filter.kind === "or"
  return (about) => {
    let isOpen = false
    for (const part of parts) {
      const is = part(about)
      if (is === decisive) return decisive
      if (is === undefined) isOpen = true
    }
    return isOpen ? undefined : !decisive
  }
}

function compileTest({ field, operator, values: operands }: Test): Decision {
  const isNegated = operator === "!=" || operator === "!~"
  const tests = operands.map((operand) => comparison(field, operator, operand))
  const isNumeric = operands[0]?.kind === "number"
  const isContained = (operator === "~" || operator === "!~") && operands.every(({ kind }) => kind === "text")
  return (values) => {
    const found = values(field, isContained)?.filter((value) => value !== undefined)
    if (found === undefined) return undefined
    // A call without an exit status does not match exit!=1, but a call without a pod does match pod!=x.
    if (isNumeric && found.length === 0) return false
    return found.some((value) => tests.some((test) => test(value))) !== isNegated
  }
}

/** Tests one value; the caller negates. */
function comparison(field: FieldName, operator: Test["operator"], operand: Operand): (value: Value) => boolean {
  if (operand.kind === "number") return numberTest(operator, operand.number)
  if (operand.kind === "regex") {
    const regex = new RegExp(operand.text, operand.flags)
    return (value) => regex.test(String(value))
  }
  if (operand.kind === "glob") {
    const regex = globRegex(operand.text)
    return (value) => regex.test(String(value))
  }
  const { text } = operand
  if (operator === "~" || operator === "!~") {
    const lower = text.toLowerCase()
    return (value) => {
      const own = String(value)
      // Most texts are already in lower case, and converting them takes longer than searching.
      return own.includes(lower) || own.toLowerCase().includes(lower)
    }
  }
  switch (fieldOf(field).kind) {
    case "id":
      return (value) => String(value).startsWith(text)
    case "address":
      return addressTest(text)
    default:
      return (value) => value === text
  }
}

function numberTest(operator: Test["operator"], number: number): (value: Value) => boolean {
  switch (operator) {
    case ">":
      return (value) => Number(value) > number
    case ">=":
      return (value) => Number(value) >= number
    case "<":
      return (value) => Number(value) < number
    case "<=":
      return (value) => Number(value) <= number
    default:
      return (value) => Number(value) === number
  }
}

/** Addresses in results have a prefix length, which the operand leaves out. */
function addressTest(text: string): (value: Value) => boolean {
  const prefix = parsePrefix(text)
  const wanted = parseAddress(text)
  return (value) => {
    const own = parseAddress(String(value).replace(/\/\d+$/, ""))
    if (!own) return false
    return prefix ? contains(prefix, own) : own.bits === wanted?.bits && own.value === wanted.value
  }
}

function globRegex(glob: string): RegExp {
  const source = glob.split(/\*+/).map((part) => part.replace(/[\\^$.|?+()[\]{}/]/g, "\\$&"))
  return new RegExp(`^${source.join(".*")}$`, "s")
}
