import { type Operation, toOperations } from "../../model/operation.ts"
import { unpackOperations } from "../../model/packed.ts"
import type { OperationAnswer, ServerEvent } from "../../serve/protocol.ts"
import type { Backend, Sink } from "./backend.ts"
import { eventStream, StreamRefused } from "./event-stream.ts"

const RETRY_MS = [250, 500, 1_000, 2_000, 4_000]

/** The server that this page came from. */
export function liveBackend(token: string): Backend {
  const headers = { Authorization: `Bearer ${token}` }
  return {
    start(sink) {
      void follow(headers, sink)
    },
    async operation(callId) {
      const answer = await fetch(`/api/operations/${encodeURIComponent(callId)}`, { headers, cache: "no-store" })
      if (answer.status === 404) return undefined
      if (!answer.ok) throw new StreamRefused(answer.status)
      const { calls } = (await answer.json()) as OperationAnswer
      return operationWith(toOperations(calls), callId)
    },
    async everything() {
      const answer = await fetch("/api/calls", { headers, cache: "no-store" })
      if (!answer.ok) throw new StreamRefused(answer.status)
      return toOperations(((await answer.json()) as OperationAnswer).calls)
    },
  }
}

/** Grouping again from few calls may cut what the server held together; the one that holds the call is the answer. */
export function operationWith(operations: Operation[], callId: string): Operation | undefined {
  const holds = (nodes: Operation["calls"]): boolean =>
    nodes.some(({ call, children }) => call.id === callId || holds(children))
  return operations.find(({ calls }) => holds(calls))
}

async function follow(headers: Record<string, string>, sink: Sink): Promise<void> {
  const resume = { lastEventId: "" }
  for (let failures = 0; ; failures++) {
    try {
      for await (const { data } of eventStream("/api/events", headers, resume)) {
        failures = 0
        tell(JSON.parse(data) as ServerEvent | { kind?: undefined }, resume, sink)
      }
    } catch (error) {
      if (error instanceof StreamRefused && (error.status === 401 || error.status === 403)) {
        sink.connection("refused")
        return
      }
      // The server went away or the network did: try again below.
    }
    sink.connection("lost")
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]))
  }
}

function tell(event: ServerEvent | { kind?: undefined }, resume: { lastEventId: string }, sink: Sink): void {
  sink.connection("live")
  if (event.kind === "reset") {
    // Until `ready` there is nothing to resume from.
    resume.lastEventId = ""
    sink.reset(event.source)
  } else if (event.kind === "operations") sink.operations(unpackOperations(event.batch), event.removed)
  else if (event.kind === "progress") sink.progress(event.readBytes, event.totalBytes)
  else if (event.kind === "damage") sink.damage(event.lines)
  else if (event.kind === "ready") sink.ready()
}
