import { contains, parseAddress, parsePrefix } from "../../cni/address.ts"
import type { Call } from "../call.ts"
import { type Operation, walk } from "../operation.ts"
import { type FieldName, fieldOf, type Value } from "./field.ts"
import { type Filter, type Operand, type Test, tests } from "./filter.ts"

/** The values of a field: none where there is nothing, undefined where nobody knows yet. */
export type Facts = (field: FieldName) => readonly (Value | undefined)[] | undefined

export type Matcher = {
  call(call: Call): boolean
  /**
   * A filter that names only what operations have (pod, command, outcome, duration, ...) is asked of the whole; one
   * that names anything of a single call (plugin, exit, stderr, ...) must hold for one of its calls.
   */
  operation(operation: Operation): boolean
  /** undefined: the facts do not decide it, the call itself has to be read */
  decide(facts: Facts): boolean | undefined
}

/** A filter made ready for many calls. `nowMs` gives calls in flight a duration so far. */
export function toMatcher(filter: Filter, nowMs?: number): Matcher {
  const decide = compile(filter)
  const call = (one: Call) => decide((name) => fieldOf(name).call(one, nowMs)) === true
  const isOfOperations = fieldsOf(filter).every((name) => fieldOf(name).operation)
  return {
    call,
    operation: isOfOperations
      ? (operation) => decide((name) => fieldOf(name).operation?.(operation, nowMs)) === true
      : (operation) => [...walk(operation.calls)].some(({ call: one }) => call(one)),
    decide,
  }
}

/** The fields that the filter asks for, each once. */
export function fieldsOf(filter: Filter): FieldName[] {
  return [...new Set([...tests(filter)].map(({ field }) => field))]
}

/** The most that must have been read to decide the filter. */
export function sourceOf(filter: Filter): "begin" | "end" | "stream" {
  const sources = fieldsOf(filter).map((name) => fieldOf(name).source)
  return sources.includes("stream") ? "stream" : sources.includes("end") ? "end" : "begin"
}

type Decision = (facts: Facts) => boolean | undefined

function compile(filter: Filter): Decision {
  return combine(filter, compileTest)
}

/** The filter as one decision, made of those that `decide` makes of its tests; undefined where they do not decide it. */
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

function compileTest({ field, operator, values }: Test): Decision {
  const isNegated = operator === "!=" || operator === "!~"
  const tests = values.map((value) => comparison(field, operator, value))
  const isNumeric = values[0]?.kind === "number"
  return (facts) => {
    const found = facts(field)?.filter((value) => value !== undefined)
    if (found === undefined) return undefined
    // What has no exit status yet did not exit with another one; but a call without a pod is of no such pod.
    if (isNumeric && found.length === 0) return false
    return found.some((value) => tests.some((test) => test(value))) !== isNegated
  }
}

/** Whether one value is what the operand says; negation is the caller's. */
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
    return (value) => String(value).toLowerCase().includes(lower)
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

/** Addresses in results carry the length of their network; who asks for one leaves it out. */
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
