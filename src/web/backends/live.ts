import type { Explanation } from "../../model/explain/statement.ts"
import { unpackOperations } from "../../model/packed-operations.ts"
import type { MatchesAnswer, OperationAnswer, ReviewAnswer, ServerEvent } from "../../serve/protocol.ts"
import type { Signer } from "../state/session-key.ts"
import type { Backend, OperationSink } from "./backend.ts"
import { eventStream, StreamDenied } from "./event-stream.ts"

const EVENTS = "/api/events"
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000]

/** The server that this page came from. `openSigner` is called again when the server denies what was signed. */
export function liveBackend(openSigner: () => Promise<Signer>): Backend {
  let signer = openSigner()
  const authorization = async (path: string) => ({ Authorization: await (await signer)(path) })
  const getJson = async <Answer>(path: string) => fetchJson<Answer>(path, await authorization(path))
  return {
    start(sink, signal) {
      const renewSigner = () => {
        signer = openSigner()
      }
      void follow(authorization, renewSigner, sink, signal)
    },
    operation: (callId) => getJson<OperationAnswer>(`/api/operations/${encodeURIComponent(callId)}`),
    explanation: (id) => getJson<Explanation>(`/api/explanations/${encodeURIComponent(id)}`),
    async matches(filter) {
      const answer = await getJson<MatchesAnswer>(`/api/matches?q=${encodeURIComponent(filter)}`)
      return answer?.ids ?? []
    },
    async file(filter) {
      const path = `/api/file?q=${encodeURIComponent(filter)}`
      const answer = await fetch(path, { headers: await authorization(path), cache: "no-store" })
      return answer.ok ? answer.blob() : undefined
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
  renewSigner: () => void,
  sink: OperationSink,
  signal: AbortSignal,
): Promise<void> {
  const resume = { lastEventId: "" }
  let denials = 0
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      for await (const { data } of eventStream(EVENTS, await authorization(EVENTS), resume, signal)) {
        failures = 0
        denials = 0
        dispatch(JSON.parse(data) as ServerEvent | { kind?: undefined }, resume, sink)
      }
    } catch (error) {
      if (error instanceof StreamDenied && (error.status === 401 || error.status === 403)) {
        // A restarted server may still know the token, but what is signed must hold its own challenge.
        if (denials++ > 0) {
          sink.connection("denied")
          return
        }
        renewSigner()
        continue
      }
      // The server or the network is down: retry below.
    }
    if (signal.aborted) return
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
  else if (event.kind === "readErrors") sink.readErrors(event.lines, event.losses)
  else if (event.kind === "state") sink.state(event.state)
  else if (event.kind === "ready") sink.ready()
}
