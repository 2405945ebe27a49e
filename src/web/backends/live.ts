import { unpackOperations } from "../../model/packed-operations.ts"
import type { MatchesAnswer, OperationAnswer, ReviewAnswer, ServerEvent } from "../../serve/protocol.ts"
import type { Signer } from "../state/session-key.ts"
import type { Backend, OperationSink } from "./backend.ts"
import { eventStream, StreamDenied } from "./event-stream.ts"

const EVENTS = "/api/events"
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000]

/** The server that this page came from. */
export function liveBackend(signer: Promise<Signer>): Backend {
  const authorization = async (path: string) => ({ Authorization: await (await signer)(path) })
  const getJson = async <Answer>(path: string) => fetchJson<Answer>(path, await authorization(path))
  return {
    start(sink) {
      void follow(authorization, sink)
    },
    async operation(callId) {
      const answer = await getJson<OperationAnswer>(`/api/operations/${encodeURIComponent(callId)}`)
      return answer?.operation
    },
    async matches(filter) {
      const answer = await getJson<MatchesAnswer>(`/api/matches?q=${encodeURIComponent(filter)}`)
      return answer?.ids ?? []
    },
    async review() {
      const answer = await getJson<ReviewAnswer>("/api/review")
      if (!answer) throw new StreamDenied(404)
      return answer
    },
  }
}

/** Undefined if the server answers 404. */
async function fetchJson<Answer>(path: string, headers: Record<string, string>): Promise<Answer | undefined> {
  const answer = await fetch(path, { headers, cache: "no-store" })
  if (answer.status === 404) return undefined
  if (!answer.ok) throw new StreamDenied(answer.status)
  return (await answer.json()) as Answer
}

async function follow(
  authorization: (path: string) => Promise<Record<string, string>>,
  sink: OperationSink,
): Promise<void> {
  const resume = { lastEventId: "" }
  for (let failures = 0; ; failures++) {
    try {
      for await (const { data } of eventStream(EVENTS, await authorization(EVENTS), resume)) {
        failures = 0
        dispatch(JSON.parse(data) as ServerEvent | { kind?: undefined }, resume, sink)
      }
    } catch (error) {
      if (error instanceof StreamDenied && (error.status === 401 || error.status === 403)) {
        sink.connection("denied")
        return
      }
      // The server or the network is down: retry below.
    }
    sink.connection("lost")
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]))
  }
}

function dispatch(
  event: ServerEvent | { kind?: undefined },
  resume: { lastEventId: string },
  sink: OperationSink,
): void {
  sink.connection("live")
  if (event.kind === "reset") {
    // Until `ready` there is nothing to resume from.
    resume.lastEventId = ""
    sink.reset(event.source)
  } else if (event.kind === "operations") sink.operations(unpackOperations(event.batch), event.removed)
  else if (event.kind === "progress") sink.progress(event.readBytes, event.totalBytes)
  else if (event.kind === "readErrors") sink.readErrors(event.lines)
  else if (event.kind === "ready") sink.ready()
}
