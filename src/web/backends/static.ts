import type { EmbeddedCapture } from "../../export/html.ts"
import { toMatcher } from "../../model/filter/match.ts"
import { parseFilter } from "../../model/filter/parse.ts"
import { ledgerRows } from "../../model/ledger/node-ledger.ts"
import { type Operation, toOperations, walk } from "../../model/operation.ts"
import { summarize } from "../../model/packed-operations.ts"
import { Review } from "../../model/review.ts"
import type { ReviewAnswer } from "../../serve/protocol.ts"
import { stopClock } from "../state/now.ts"
import type { Backend } from "./backend.ts"

/** The capture embedded in the page. */
export function staticBackend(capture: EmbeddedCapture): Backend {
  const operations = toOperations(capture.calls)
  const byCall = new Map(
    operations.flatMap((operation) => [...walk(operation.calls)].map(({ call }) => [call.id, operation])),
  )
  const review = reviewer(operations, capture.writtenMs)
  return {
    review,
    start(sink) {
      stopClock(capture.writtenMs)
      sink.connection("static")
      const { path, host, utcOffsetMs } = capture
      sink.reset({ path, host, isLive: false, ...(utcOffsetMs === undefined ? {} : { utcOffsetMs }) }, capture.note)
      const summaries = operations.map((operation) => ({
        ...operation,
        summaries: new Map([...walk(operation.calls)].map(({ call }) => [call.id, summarize(call)])),
      }))
      sink.operations(summaries, [])
      sink.ready()
    },
    async operation(callId) {
      const operation = byCall.get(callId)
      return operation && { operation, pruned: [] }
    },
    explanation: async (callId) => capture.explanations?.find(({ operation }) => operation === byCall.get(callId)?.id),
    async matches(text) {
      const parsed = parseFilter(text, capture.writtenMs)
      const matcher = parsed.ok && toMatcher(parsed.filter, capture.writtenMs)
      return matcher ? operations.filter(matcher.operation).map(({ id }) => id) : []
    },
  }
}

/** Reviewing a large capture takes seconds: it is done in slices, so that the page stays responsive. */
const SLICE_MS = 50

function reviewer(operations: Operation[], nowMs: number): () => Promise<ReviewAnswer> {
  const review = new Review()
  const inOrder = operations.toSorted((a, b) => a.wallMs - b.wallMs)
  let next = 0
  return async () => {
    const endMs = performance.now() + SLICE_MS
    for (; next < inOrder.length && performance.now() < endMs; next++) {
      const operation = inOrder[next]
      if (operation) review.add(operation, nowMs)
    }
    return {
      isComplete: next === inOrder.length,
      checked: next,
      rules: review.rules(nowMs),
      ledger: ledgerRows(review.attachments(nowMs)),
      gone: review.goneCount,
    }
  }
}

/** The data block that `export html` fills in; null in a page from a server. */
export function embeddedCapture(): EmbeddedCapture | null {
  return JSON.parse(document.getElementById("capture")?.textContent || "null") as EmbeddedCapture | null
}
