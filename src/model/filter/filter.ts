import type { FieldName } from "./field.ts"

/**
 * A condition on calls or operations. An empty `and` matches everything.
 * `in (a, b)` is `=` with two values, `not in` is `!=` with two.
 */
export type Filter =
  | { kind: "and" | "or"; parts: Filter[] }
  | { kind: "not"; part: Filter }
  | { kind: "test"; field: FieldName; operator: Operator; values: Operand[]; place?: Place }

export type Test = Extract<Filter, { kind: "test" }>

export type Operator = "=" | "!=" | "~" | "!~" | ">" | ">=" | "<" | "<="

/** `text` is the source text. `number`: in the field's own unit (milliseconds, bytes, milliseconds since 1970). */
export type Operand =
  | { kind: "text"; text: string }
  | { kind: "glob"; text: string }
  | { kind: "regex"; text: string; flags: string }
  | { kind: "number"; text: string; number: number }

/** A range in the text; the first character is column 1. */
export type Place = { column: number; length: number }

/** Every call. */
export const EVERYTHING: Filter = { kind: "and", parts: [] }

/** Matches what all of the filters match: combines the options of a command line with its filter. */
export function allOf(filters: Filter[]): Filter {
  const parts = filters.filter((filter) => filter.kind !== "and" || filter.parts.length > 0)
  const [only] = parts
  return parts.length === 1 && only ? only : { kind: "and", parts }
}

/** Every test of the filter, in the order of the text. */
export function* tests(filter: Filter): Generator<Test> {
  if (filter.kind === "test") yield filter
  else if (filter.kind === "not") yield* tests(filter.part)
  else for (const part of filter.parts) yield* tests(part)
}
