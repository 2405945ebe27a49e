import type { LedgerRow } from "../model/ledger/node-ledger.ts"
import type { RuleFindings } from "../model/lint/findings-by-rule.ts"
import type { Operation } from "../model/operation.ts"
import type { PackedOperations } from "../model/packed-operations.ts"

/** Where the page's data comes from. */
export type Source = {
  /** the capture's path as it was named */
  path: string
  /** a directory grows; a bundle does not */
  isLive: boolean
  /** the machine that reads it */
  host: string
}

/**
 * What `GET /api/events` sends, one server-sent event each, named by `kind`. After `reset` everything the page knew is
 * void. `ready` and each later `operations` carry an event id: a client that comes back with it (Last-Event-ID) gets
 * what changed since, and nothing twice; a client of an earlier server gets `reset`.
 */
export type ServerEvent =
  | { kind: "reset"; source: Source }
  /** how much of the capture was read so far */
  | { kind: "progress"; readBytes: number; totalBytes: number }
  /** new ones, and changed ones whole; in any order. `removed`: ids that were merged into another operation */
  | { kind: "operations"; batch: PackedOperations; removed: string[] }
  /** everything that there was when the client came has been sent; later events are live */
  | { kind: "ready" }
  /** lines that could not be read, by what is wrong with them */
  | { kind: "damage"; lines: Record<string, number> }

/** `GET /api/operations/:id`, by the id of any of its calls: the operation with every stream. */
export type OperationAnswer = { operation: Operation }

/** `GET /api/matches?q=<filter>`: ids of the operations that the filter lets through. */
export type MatchesAnswer = { ids: string[] }

/** `GET /api/review`: findings and ledger, as far as the capture was looked through; the first ask begins it. */
export type ReviewAnswer = {
  isComplete: boolean
  /** operations that were looked at */
  checked: number
  rules: RuleFindings[]
  ledger: LedgerRow[]
  /** attachments that came and went */
  gone: number
  /** why the ledger was not compared with the node, where it should have been */
  note?: string
}

/** The body of every response that is not 200. `hint`: what to do next. */
export type ErrorAnswer = { error: string; hint: string }
