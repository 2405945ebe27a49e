/**
 * The codes of cnitap's own errors and their exit statuses. What a plugin did is data, never a Fault, and pure functions
 * return their expected outcomes as unions.
 */
export const FAULTS = {
  USAGE: 2,
  CAPTURE_MISSING: 3,
  CAPTURE_FOREIGN: 3,
  FORMAT_NEWER: 3,
  FILE_BROKEN: 3,
  FILE_MISSING: 3,
  NOT_PERMITTED: 4,
  REFUSED: 5,
  NOT_FOUND: 6,
  NODES_FAILED: 7,
  CLUSTER: 8,
  INTERNAL: 70,
} as const satisfies Record<string, number>

export type FaultCode = keyof typeof FAULTS

/** `message`: what failed, why and on which path, in lower case. `hint`: the next step, one imperative sentence. */
export class Fault extends Error {
  readonly code: FaultCode
  readonly hint: string

  constructor(code: FaultCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
  }

  /** The same fault with another next step. */
  withHint(hint: string): Fault {
    return new Fault(this.code, this.message, hint, this.cause)
  }
}
