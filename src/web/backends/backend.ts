import type { LossRecord } from "../../capture/record.ts"
import type { Explanation } from "../../model/explain/statement.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import type { CaptureState, OperationAnswer, ReviewAnswer, Source } from "../../serve/protocol.ts"

/** Source of the page's data: a server that reads a capture, or the capture embedded in the page. */
export interface Backend {
  /** Sends all operations to the sink, then changes, until the signal. */
  start(sink: OperationSink, signal: AbortSignal): void
  /** The operation of a call, with all streams. Undefined if it is no longer in the capture. */
  operation(callId: string): Promise<OperationAnswer | undefined>
  /** What `cnitap explain` says about an operation, by its ID. Undefined if it cannot say anything at present. */
  explanation(id: string): Promise<Explanation | undefined>
  /** IDs of the operations that match a filter on streams. */
  matches(filter: string): Promise<string[]>
  /** The page with the operations that match a filter in it, as one file. */
  file(filter: string): Promise<Blob | undefined>
  /** Findings and ledger of the operations reviewed so far. The first request starts the review. */
  review(): Promise<ReviewAnswer>
}

/** `lost`: the server is not responding, the page retries. `denied`: the server does not accept the token. */
export type Connection = "connecting" | "live" | "static" | "lost" | "denied"

export interface OperationSink {
  connection(state: Connection): void
  /** All operations follow, until `ready`. What was received before of another capture is discarded. */
  reset(source: Source, note?: string): void
  progress(readBytes: number, totalBytes: number): void
  operations(changed: OperationSummary[], removed: string[]): void
  ready(): void
  readErrors(lines: Record<string, number>, losses: readonly LossRecord[]): void
  state(state: CaptureState): void
}
