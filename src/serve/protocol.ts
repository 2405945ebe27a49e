import type { LossRecord } from "../capture/record.ts"
import type { CaptureName } from "../model/capture-name.ts"
import type { LedgerRow } from "../model/ledger/node-ledger.ts"
import type { RuleFindings } from "../model/lint/findings-by-rule.ts"
import type { Operation } from "../model/operation.ts"
import type { PackedOperations } from "../model/packed-operations.ts"

/** The capture that the page shows. */
export type Source = CaptureName & {
  /** whether calls may be appended: true for a directory, false for a bundle */
  isLive: boolean
  /** host name of the machine that reads it */
  host: string
  /** what its clock is ahead of UTC */
  utcOffsetMs?: number
}

/**
 * The server-sent events of `GET /api/events`; `kind` is the event name. `reset` invalidates everything that the page
 * has. Once the client has all operations, events have an ID: a client that reconnects with it (Last-Event-ID) gets what
 * changed since, and nothing twice. A client of a previous server process gets `reset`.
 */
export type ServerEvent =
  | { kind: "reset"; source: Source }
  /** how much of the capture has been read */
  | { kind: "progress"; readBytes: number; totalBytes: number }
  /** new and changed operations, in any order. `removed`: IDs of operations that became part of another one */
  | { kind: "operations"; batch: PackedOperations; removed: string[] }
  /** all operations that existed when the client connected have been sent; later events are live */
  | { kind: "ready" }
  /** number of lines that could not be read, by reason */
  | { kind: "readErrors"; lines: Record<string, number>; losses: readonly LossRecord[] }
  /** whether the capture can be read at present, and what is wrong with it */
  | { kind: "state"; state: CaptureState }

/**
 * `trouble`: why the capture cannot be read at present; absent while it can. `prunedBeforeMs`: the records of operations
 * that began before were removed since the server read them; absent if none were. `clocks`: that the clocks of its nodes
 * differ, as a sentence; absent if they do not.
 */
export type CaptureState = {
  trouble?: ErrorAnswer | undefined
  prunedBeforeMs?: number
  clocks?: string | undefined
}

/**
 * `GET /api/operations/:id`, with the ID of any of its calls: the operation with all streams. `pruned`: IDs of its calls
 * whose records are no longer in the capture; they have no streams.
 */
export type OperationAnswer = { operation: Operation; pruned: string[] }

/** `GET /api/matches?q=<filter>`: IDs of the matching operations. */
export type MatchesAnswer = { ids: string[] }

/** `GET /api/review`: findings and ledger of the operations reviewed so far. The first request starts the review. */
export type ReviewAnswer = {
  isComplete: boolean
  /** number of operations reviewed */
  checked: number
  rules: RuleFindings[]
  ledger: LedgerRow[]
  /** number of attachments that were added and deleted */
  gone: number
  /** why the ledger could not be compared with the node's own state */
  note?: string
}

/** The body of every response that is not 200. `hint`: what to do next. */
export type ErrorAnswer = { error: string; hint: string }
