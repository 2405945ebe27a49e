import type { FieldName } from "./field.ts"
import type { Operator, Place } from "./filter.ts"

/** Why a text is not a filter, and what could be written there. */
export class FilterFailure extends Error {
  readonly error: FilterError
  readonly expectation: Expectation
  constructor(error: FilterError, expectation: Expectation) {
    super(error.message)
    this.error = error
    this.expectation = expectation
  }
}

/** `message` is one sentence without a full stop; `column` (from 1) and `length` give its place in the text. */
export type FilterError = Place & {
  message: string
  /** what is allowed there instead */
  expected: string[]
}

/** What can follow the end of a text. */
export type Expectation =
  | { kind: "condition" }
  | { kind: "operator"; field: FieldName }
  | { kind: "value"; field: FieldName; operator: Operator }
  | { kind: "connector"; isNested: boolean }
  | { kind: "none" }
