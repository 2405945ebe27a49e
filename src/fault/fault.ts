/**
 * The tool's own faults and the exit status each one ends in. What a plugin did is never a Fault: it is data.
 * Expected outcomes of pure functions are returned unions, not Faults.
 */
export const FAULTS = {
  USAGE: 2,
  CAPTURE_MISSING: 3,
  CAPTURE_FOREIGN: 3,
  FORMAT_NEWER: 3,
  FILE_BROKEN: 3,
  NOT_PERMITTED: 4,
  REFUSED: 5,
  NOT_FOUND: 6,
  INTERNAL: 70,
} as const satisfies Record<string, number>

export type FaultCode = keyof typeof FAULTS

/** `message`: what failed and why, lower case, with the path. `hint`: one imperative sentence, the next step. */
export class Fault extends Error {
  readonly code: FaultCode
  readonly hint: string

  constructor(code: FaultCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
  }
}
