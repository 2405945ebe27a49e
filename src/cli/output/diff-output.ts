import type { CallPair, Difference } from "../../model/compare/compare.ts"
import type { OperationKind, SignatureDifference } from "../../model/compare/compare-signatures.ts"
import type { Operation } from "../../model/operation.ts"
import type { ChainStep, ResultChange } from "../../model/result/chain.ts"

/** What each call of an operation changed in the result, as `diff` with one name prints it. */
export type ChainOutput = {
  /** ID of the operation */
  operation: string
  steps: ChainStepOutput[]
}

/** `call`: ID of the call; `level`: 0 for calls of the runtime, 1 for calls that those made, and so on. */
export type ChainStepOutput = { call: string; plugin: string; level: number; changes: ResultChange[] }

/**
 * What differs, as `diff` with two names prints it: `pairs` if two calls or operations were compared, `differences` if
 * pods, nodes or captures were.
 */
export type DifferenceOutput = {
  /** the names that were given */
  a: string
  b: string
  /** nothing differs except what always differs between two pods */
  isSame: boolean
  pairs?: CallPairOutput[]
  differences?: SignatureDifferenceOutput[]
}

/** Calls at the same position of two operations. `a`, `b`: their IDs; one is absent if only one side has the call. */
export type CallPairOutput = { plugin: string; level: number; a?: string; b?: string; differences: Difference[] }

/**
 * Operations that only one side has. `a`, `b`: ID of an example and of the most similar one on the other side; `countA`,
 * `countB`: how many there are; `pairs` is empty if the other side has no operation of this kind.
 */
export type SignatureDifferenceOutput = OperationKind & {
  a?: string
  b?: string
  countA: number
  countB: number
  pairs: CallPairOutput[]
}

export function chainOutput({ id }: Operation, steps: readonly ChainStep[]): ChainOutput {
  return {
    operation: id,
    steps: steps.map(({ call, level, changes }) => ({ call: call.id, plugin: call.plugin, level, changes })),
  }
}

export function callPairOutput({ plugin, level, a, b, differences }: CallPair): CallPairOutput {
  return { plugin, level, ...(a ? { a: a.id } : {}), ...(b ? { b: b.id } : {}), differences }
}

export function signatureDifferenceOutput(difference: SignatureDifference): SignatureDifferenceOutput {
  const { kind, a, b, countA, countB, pairs } = difference
  return {
    ...kind,
    ...(a ? { a: a.id } : {}),
    ...(b ? { b: b.id } : {}),
    countA,
    countB,
    pairs: pairs.map(callPairOutput),
  }
}
