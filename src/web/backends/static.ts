import type { EmbeddedCapture } from "../../export/html.ts"
import { toMatcher } from "../../model/filter/match.ts"
import { parseFilter } from "../../model/filter/parse.ts"
import { toOperations, walk } from "../../model/operation.ts"
import { summarize } from "../../model/packed.ts"
import type { Backend } from "./backend.ts"

/** What the page carries inside itself. */
export function staticBackend(capture: EmbeddedCapture): Backend {
  const operations = toOperations(capture.calls)
  const byCall = new Map(
    operations.flatMap((operation) => [...walk(operation.calls)].map(({ call }) => [call.id, operation])),
  )
  return {
    start(sink) {
      sink.connection("static")
      sink.reset({ path: capture.path, host: capture.host, isLive: false }, capture.note)
      const light = operations.map((operation) => ({
        ...operation,
        summaries: new Map([...walk(operation.calls)].map(({ call }) => [call.id, summarize(call)])),
      }))
      sink.operations(light, [])
      sink.ready()
    },
    operation: async (callId) => byCall.get(callId),
    async matches(text) {
      const parsed = parseFilter(text, Date.now())
      const matcher = parsed.ok && toMatcher(parsed.filter, Date.now())
      return matcher ? operations.filter(matcher.operation).map(({ id }) => id) : []
    },
  }
}

/** The data block that `export html` fills in; null in a page that a server sent. */
export function embeddedCapture(): EmbeddedCapture | null {
  return JSON.parse(document.getElementById("capture")?.textContent || "null") as EmbeddedCapture | null
}
