import type { Call } from "../../model/call.ts"
import type { CallNode, Operation } from "../../model/operation.ts"
import type { ProcessWait } from "../../model/process-wait.ts"
import { timestamp } from "./timestamp.ts"

/** A call as `tail`, `ps`, `show` and `export jsonl` print it. */
export type CallOutput = Omit<Call, "original"> & {
  /** RFC 3339; the same as `wallMs` */
  startedAt: string
  original?: OriginalOutput
  /** `ps` only: how long the call has been running */
  runningMs?: number
  /** `ps` on the node only: what the plugin of a running call waits for */
  waitsIn?: ProcessWait
  /** `show` and `export` only: ID of the operation */
  operation?: string
  /** `show` only: the calls that the plugin made */
  children?: CallNodeOutput[]
}

/** Size and modification time of the original plugin. `modifiedAt`: RFC 3339. */
export type OriginalOutput = { sizeBytes: number; modifiedMs: number; modifiedAt: string }

/** A call and the calls that its plugin made. */
export type CallNodeOutput = { call: CallOutput; children: CallNodeOutput[] }

/** An operation as `ls` and `show` print it. */
export type OperationOutput = Omit<Operation, "calls"> & {
  /** RFC 3339; the same as `wallMs` */
  startedAt: string
  calls: CallNodeOutput[]
}

export function callOutput({ id, original, ...call }: Call): CallOutput {
  return {
    id,
    startedAt: timestamp(call.wallMs),
    ...call,
    ...(original ? { original: { ...original, modifiedAt: timestamp(original.modifiedMs) } } : {}),
  }
}

export function callNodeOutput({ call, children }: CallNode): CallNodeOutput {
  return { call: callOutput(call), children: children.map(callNodeOutput) }
}

/** `summaries`: an operation that was read without streams has what the page shows of them. */
export function operationOutput({
  id,
  calls,
  summaries: _summaries,
  ...operation
}: Operation & { summaries?: unknown }): OperationOutput {
  return { id, startedAt: timestamp(operation.wallMs), ...operation, calls: calls.map(callNodeOutput) }
}
