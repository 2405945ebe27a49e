import type { Attachment } from "../ledger/attachment.ts"
import type { Finding } from "../lint/finding.ts"
import type { Operation } from "../operation.ts"
import type { PluginList } from "./plugin-lists.ts"

/** One thing to know, in plain words; `call`: where it is seen. */
export type Statement = { topic: StatementTopic; text: string; call?: string }

export type StatementTopic =
  | "failed first"
  | "passed on by"
  | "waits"
  | "never ran"
  | "runtime said"
  | "thrown away"
  | "left behind"
  | "so far"
  | "list changed"
  | "since then"
  | "findings"
  | "look next"

/** At most ten lines: the headline and the statements. `isWrong`: something failed, hangs or is not what it seems. */
export type Explanation = {
  operation: string
  hasProblem: boolean
  headline: string
  statements: Statement[]
}

/** What is known around the operation that is explained. */
export type ExplainContext = {
  /** all operations of its pod or container, itself too, in the order they began */
  related: readonly Operation[]
  /** those of its container in the ledger */
  attachments: readonly Attachment[]
  findings: readonly Finding[]
  list: PluginList | undefined
  nowMs: number
}
