import type { LossRecord } from "../../capture/record.ts"
import type { LedgerRow } from "../ledger/node-ledger.ts"
import type { Finding } from "../lint/finding.ts"
import type { Operation } from "../operation.ts"
import type { NodeEvidence } from "./node-evidence.ts"
import type { PluginList } from "./plugin-lists.ts"

/** One fact in plain words; `call`: the id of the call or operation that shows it. */
export type Statement = { topic: StatementTopic; text: string; call?: string }

export type StatementTopic =
  | "host network"
  | "first failure"
  | "reported by"
  | "in flight"
  | "never ran"
  | "not recorded"
  | "runtime error"
  | "discarded"
  | "left behind"
  | "result"
  | "addresses"
  | "attempts"
  | "list changed"
  | "at the same time"
  | "since then"
  | "findings"
  | "compared"
  | "next step"

/** A headline and at most nine statements. `hasProblem`: it failed, hangs, or its success is not real. */
export type Explanation = {
  operation: string
  hasProblem: boolean
  headline: string
  statements: Statement[]
}

/** What is known about an operation besides its own calls. */
export type ExplainContext = {
  /** all operations of its pod or container including itself, in the order they began */
  related: readonly Operation[]
  /** how many of these have no streams, because the pod has very many */
  unread: number
  /** what became of the attachments of that pod or container */
  attachments: readonly LedgerRow[]
  /** attachments of other containers of the node that also have one of its addresses, or the one that it requested */
  sharingAddress: readonly LedgerRow[]
  /** if it failed because no address was free: the attachments of its network */
  network: readonly LedgerRow[]
  /** other operations of the same runtime process that ended without it, at about the same time */
  abandoned: number
  /** findings about the operation itself */
  findings: readonly Finding[]
  list: PluginList | undefined
  /** the last operation with the same command and list in which every plugin succeeded, if this one failed */
  worked: Operation | undefined
  node: NodeEvidence | undefined
  /** what the observer of its node did not record in its time */
  losses: readonly LossRecord[]
  nowMs: number
}
