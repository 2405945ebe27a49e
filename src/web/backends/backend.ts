import type { Operation } from "../../model/operation.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import type { ReviewAnswer, Source } from "../../serve/protocol.ts"

/** Where the page gets its data: a server that reads a live capture, or what the page itself carries. */
export interface Backend {
  /** Tells the sink all that there is and then what is new, for as long as the page is open. */
  start(sink: Sink): void
  /** The operation that a call belongs to with every stream; undefined where it is no longer in the capture. */
  operation(callId: string): Promise<Operation | undefined>
  /** Ids of the operations that a filter lets through which asks for streams. */
  matches(filter: string): Promise<string[]>
  /** Findings and ledger, as far as the capture was looked through; the first ask begins it. */
  review(): Promise<ReviewAnswer>
}

/** `lost`: the server does not answer, and the page tries again. `refused`: it answers, and the token is not its own. */
export type Connection = "connecting" | "live" | "static" | "lost" | "refused" | "ended"

export interface Sink {
  connection(state: Connection): void
  /** What was told before is void. */
  reset(source: Source, note?: string): void
  progress(readBytes: number, totalBytes: number): void
  operations(changed: OperationSummary[], removed: string[]): void
  ready(): void
  readErrors(lines: Record<string, number>): void
}
