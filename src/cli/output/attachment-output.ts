import type { Attempt } from "../../model/ledger/attachment.ts"
import type { LedgerRow } from "../../model/ledger/node-ledger.ts"
import { timestamp } from "./timestamp.ts"

/** An attachment as `ledger` and `who-owns` print it. */
export type AttachmentOutput = Omit<LedgerRow, "add" | "dels"> & { add?: AttemptOutput; dels: AttemptOutput[] }

/** An ADD or DEL of an attachment. `startedAt`: RFC 3339; the same as `wallMs`. */
export type AttemptOutput = Attempt & { startedAt: string }

export function attachmentOutput({ add, dels, ...row }: LedgerRow): AttachmentOutput {
  return { ...row, ...(add ? { add: attemptOutput(add) } : {}), dels: dels.map(attemptOutput) }
}

function attemptOutput(attempt: Attempt): AttemptOutput {
  return { ...attempt, startedAt: timestamp(attempt.wallMs) }
}
