import type { Attachment } from "../ledger/attachment.ts"
import type { Finding } from "../lint/finding.ts"
import type { Operation } from "../operation.ts"
import type { PluginList } from "./plugin-lists.ts"

/** One fact in plain words; `call`: the id of the call or operation that shows it. */
export type Statement = { topic: StatementTopic; text: string; call?: string }

export type StatementTopic =
  | "first failure"
  | "reported by"
  | "in flight"
  | "never ran"
  | "runtime error"
  | "discarded"
  | "left behind"
  | "result"
  | "attempts"
  | "list changed"
  | "since then"
  | "findings"
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
  /** the ledger's attachments of that pod or container */
  attachments: readonly Attachment[]
  /** findings about the operation itself */
  findings: readonly Finding[]
  list: PluginList | undefined
  nowMs: number
}
