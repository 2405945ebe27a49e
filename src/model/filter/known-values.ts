import type { Call } from "../call.ts"
import { type FactName, factReader } from "../call-schema.ts"
import type { KnownValues } from "./complete.ts"
import { FIELD_NAMES, type FieldName, fieldOf } from "./field.ts"

/** Completion does not list more values of one field. */
const MOST_VALUES = 400

/** Collects the values of calls that completion can offer. */
export class KnownValueCollector {
  readonly #found = FIELD_NAMES.flatMap((field) => {
    const { completedBy } = fieldOf(field)
    return completedBy === undefined ? [] : [new ValueSet(field, completedBy)]
  })

  add(call: Call): void {
    for (const values of this.#found) values.add(call)
  }

  /** Sorted. */
  values(): KnownValues {
    return Object.fromEntries(this.#found.map(({ field, values }) => [field, [...values].sort()]))
  }
}

class ValueSet {
  readonly field: FieldName
  readonly values = new Set<string>()
  readonly #read: ReturnType<typeof factReader>

  constructor(field: FieldName, fact: FactName) {
    this.field = field
    this.#read = factReader(fact)
  }

  add(call: Call): void {
    const value = this.#read(call)
    if (typeof value === "string" && value !== "" && this.values.size < MOST_VALUES) this.values.add(value)
  }
}
