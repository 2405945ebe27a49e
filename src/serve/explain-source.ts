import { hostname } from "node:os"
import { Fault } from "../fault/fault.ts"
import type { ExplainSource } from "../model/explain/explainer.ts"
import type { NodeEvidence } from "../model/explain/node-evidence.ts"
import type { Operation } from "../model/operation.ts"
import type { ReadState, Reviewer } from "./reviewer.ts"
import type { Session } from "./session.ts"

/** Reads what the node shows about operations; undefined if the capture is not of this node. */
export type ReadEvidence = () => ((operation: Operation) => NodeEvidence) | undefined

/** The node is looked at again after this time. */
const EVIDENCE_FRESH_MS = 30_000

/** Explanations from the catalog of a session, which has all operations in memory, and from the node. */
export function explainSource(
  session: Session,
  reviewer: Reviewer,
  readState: ReadState,
  readEvidence: ReadEvidence,
  isOtherRoot: boolean,
): ExplainSource {
  let evidence: { atMs: number; of: ReturnType<ReadEvidence> } | undefined
  return {
    all: () => session.catalog.newestFirst().reverse(),
    whole: (operation) => session.whole(operation),
    async ledger(nowMs) {
      const { isComplete, ledger } = await reviewer.answer(nowMs)
      return isComplete ? ledger.filter(({ state }) => state !== "gone") : undefined
    },
    evidence(operation) {
      if (!evidence || Date.now() - evidence.atMs > EVIDENCE_FRESH_MS)
        evidence = { atMs: Date.now(), of: readEvidence() }
      return evidence.of?.(operation)
    },
    losses: () => session.readErrors.losses(),
    async nodeState(operations, dataDirs) {
      const nodes = new Set(operations.flatMap(({ node }) => node ?? []))
      const [first, last] = [operations[0], operations.at(-1)]
      if (!session.source.isLive || !first || !last || !(isOtherRoot || nodes.has(hostname()))) return undefined
      const recorded = [{ fromMs: first.wallMs, toMs: last.wallMs }]
      return readState({ nodes, dataDirs, recorded }).catch((error: unknown) => {
        if (!(error instanceof Fault)) throw error
        // The page shows the capture without the node's state, and the ledger says why.
        return undefined
      })
    },
  }
}
