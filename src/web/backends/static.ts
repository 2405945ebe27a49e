import { CaptureEmbedder, EMPTY_DATA, type EmbeddedCapture } from "../../export/html.ts"
import { toMatcher } from "../../model/filter/match.ts"
import { parseFilter } from "../../model/filter/parse.ts"
import { ledgerRows } from "../../model/ledger/node-ledger.ts"
import type { Operation } from "../../model/operation.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import { Review } from "../../model/review.ts"
import type { ReviewAnswer } from "../../serve/protocol.ts"
import { stopClock } from "../state/now.ts"
import type { Backend, OperationSink } from "./backend.ts"
import { deflated, EmbeddedBlocks } from "./embedded-blocks.ts"

/** The capture embedded in the page. */
export function staticBackend(capture: EmbeddedCapture): Backend {
  const { blocks: embedded, ...header } = capture
  const blocks = new EmbeddedBlocks(embedded)
  async function* matching(text: string): AsyncGenerator<Operation> {
    const parsed = parseFilter(text, capture.writtenMs)
    const matcher = parsed.ok && toMatcher(parsed.filter, capture.writtenMs)
    if (!matcher) return
    for await (const operation of blocks.all()) if (matcher.operation(operation)) yield operation
  }
  return {
    review: reviewer(blocks, capture.writtenMs),
    start(sink) {
      stopClock(capture.writtenMs)
      sink.connection("static")
      const { path, program, flags, host, utcOffsetMs } = header
      sink.reset(
        { path, program, flags, host, isLive: false, ...(utcOffsetMs === undefined ? {} : { utcOffsetMs }) },
        header.note,
      )
      sink.readErrors({}, header.losses ?? [])
      void sendAll(blocks, sink)
    },
    async operation(callId) {
      const operation = await blocks.operationOf(callId)
      return operation && { operation, pruned: [] }
    },
    async explanation(id) {
      return header.explanations?.find(({ operation }) => operation === id)
    },
    async matches(text) {
      const ids: string[] = []
      for await (const { id } of matching(text)) ids.push(id)
      return ids
    },
    async file(text) {
      const embedder = new CaptureEmbedder(deflated)
      for await (const operation of matching(text)) await embedder.add(operation)
      const note = [header.note, text && `only ${text}`].filter(Boolean).join("; ")
      return new Blob([await embedder.html(pageWithoutData(), { ...header, ...(note ? { note } : {}) })])
    },
  }
}

/** The list is merged at each of these: not at each block. */
const MERGED_OPERATIONS = 4_000

/** The newest first. */
async function sendAll(blocks: EmbeddedBlocks, sink: OperationSink): Promise<void> {
  let pending: OperationSummary[] = []
  for (let at = blocks.count - 1; at >= 0; at--) {
    pending = [...(await blocks.summaries(at)), ...pending]
    if (pending.length < MERGED_OPERATIONS && at > 0 && at < blocks.count - 1) continue
    sink.operations(pending, [])
    pending = []
    sink.progress(blocks.count - at, blocks.count)
  }
  sink.ready()
}

/** Reviewing a large capture takes seconds: it is done in slices, so that the page stays responsive. */
const SLICE_MS = 50

function reviewer(blocks: EmbeddedBlocks, nowMs: number): () => Promise<ReviewAnswer> {
  const review = new Review()
  const operations = blocks.all()
  let checked = 0
  let isComplete = false
  return async () => {
    const endMs = performance.now() + SLICE_MS
    while (!isComplete && performance.now() < endMs) {
      const next = await operations.next()
      if (next.done) isComplete = true
      else {
        review.add(next.value, nowMs)
        checked++
      }
    }
    return {
      isComplete,
      checked,
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

/** This page as it was built: its policy allows exactly this script and style, and its last comment has their licences. */
function pageWithoutData(): string {
  const [notices] = [...document.body.childNodes].filter((node) => node.nodeType === Node.COMMENT_NODE)
  const parts = [
    document.head.outerHTML,
    "<body>",
    '<div id="app"></div>',
    document.querySelector("noscript")?.outerHTML ?? "",
    document.querySelector("script:not([type])")?.outerHTML ?? "",
    EMPTY_DATA,
    notices ? `<!--${notices.nodeValue}-->` : "",
    "</body>",
  ]
  return `<!doctype html>\n<html lang="en">\n${parts.join("\n")}\n</html>\n`
}
