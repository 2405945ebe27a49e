import { type ExplainSource, gather, type SubjectFacts } from "../../model/explain/gather.ts"
import { EVERYTHING } from "../../model/filter/filter.ts"
import type { Operation } from "../../model/operation.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"
import { readCaptureFacts } from "../../store/query/ledger.ts"
import { readOperations } from "../../store/query/operations.ts"
import type { Context } from "../context.ts"
import { nodeEvidenceOf } from "../node/node-evidence.ts"
import { nodeStateOf, readLedger, readOwners } from "../node/read-ledger.ts"
import { isThisNode, rootOf } from "../node/this-node.ts"
import { findCall } from "./call-by-id.ts"
import type { Selection } from "./selection.ts"
import type { Subject } from "./subject.ts"

/** What a capture and its node show about the operations of a subject. */
export function readSubject(
  context: Context,
  options: Record<string, unknown>,
  selection: Selection,
  subject: Subject,
): Promise<SubjectFacts> {
  return gather(captureSource(context, options, selection), subject.related(), context.nowMs())
}

/** The operations of a capture are read as often as they are needed: they may not fit into memory. */
function captureSource(context: Context, options: Record<string, unknown>, selection: Selection): ExplainSource {
  const { capture, progress } = selection
  const everything = { ...selection, filter: EVERYTHING, range: {}, readErrors: new ReadErrors() }
  let errors = new ReadErrors()
  return {
    operations(range) {
      errors = new ReadErrors()
      return readOperations(capture, errors, range, { filter: EVERYTHING, progress, withoutStreams: true })
    },
    losses: () => errors.losses(),
    whole: async (id) => (await findCall(everything, id).catch(() => undefined))?.operation,
    nodeState: async (related) =>
      nodeStateOf(context, options, capture, { ...(await readCaptureFacts(capture)), nodes: nodesOf(related) }),
    evidenceOf: (related) =>
      isThisNode(rootOf(options), nodesOf(related)) ? nodeEvidenceOf(options, capture) : undefined,
    owners: async (address) => (await readOwners(context, options, everything, address)).rows,
    ledger: async () => (await readLedger(context, options, everything)).rows,
  }
}

function nodesOf(operations: readonly Operation[]): Set<string> {
  return new Set(operations.flatMap(({ node }) => node ?? []))
}
