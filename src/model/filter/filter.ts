import type { FieldName } from "./field.ts"

/**
 * What a call or an operation is tested against. An empty `and` holds for everything.
 * `in (a, b)` is `=` with two values, `not in` is `!=` with two.
 */
export type Filter =
  | { kind: "and" | "or"; parts: Filter[] }
  | { kind: "not"; part: Filter }
  | { kind: "test"; field: FieldName; operator: Operator; values: Operand[]; place?: Place }

export type Test = Extract<Filter, { kind: "test" }>

export type Operator = "=" | "!=" | "~" | "!~" | ">" | ">=" | "<" | "<="

/** `text` is what was written. `number`: in the field's own unit (milliseconds, bytes, milliseconds since 1970). */
export type Operand =
  | { kind: "text"; text: string }
  | { kind: "glob"; text: string }
  | { kind: "regex"; text: string; flags: string }
  | { kind: "number"; text: string; number: number }

/** Where in the text something stands: the first character is column 1. */
export type Place = { column: number; length: number }

/** Every call. */
export const EVERYTHING: Filter = { kind: "and", parts: [] }

/** What all of the filters let through; flags of a command line and its filter become one. */
export function allOf(filters: Filter[]): Filter {
  const parts = filters.filter((filter) => filter.kind !== "and" || filter.parts.length > 0)
  const [only] = parts
  return parts.length === 1 && only ? only : { kind: "and", parts }
}

/** Every test of the filter, in the order it was written. */
export function* tests(filter: Filter): Generator<Test> {
  if (filter.kind === "test") yield filter
  else if (filter.kind === "not") yield* tests(filter.part)
  else for (const part of filter.parts) yield* tests(part)
}
