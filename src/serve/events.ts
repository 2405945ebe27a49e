import type { OperationSummary } from "../model/packed-operations.ts"
import { packOperations } from "../model/packed-operations.ts"
import type { ServerEvent } from "./protocol.ts"
import type { Session } from "./session.ts"

export type Message = { event: string; data: string; id?: string }

/** The first message is small, so that the first screen is shown at once. */
const FIRST_OPERATIONS = 200
const OPERATIONS_PER_MESSAGE = 4_000
/** Changes within this time are sent in one message: 1,000 calls per second make ten messages per second. */
const BATCH_MS = 100
/** Proxies close connections that are idle for longer. */
const KEEP_ALIVE_MS = 15_000

/**
 * The messages for one page, until it disconnects or the session ends. `epoch` identifies this server process: version
 * numbers of a previous one are not valid.
 */
export async function* messages(
  session: Session,
  epoch: string,
  lastEventId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  const { catalog, readErrors } = session
  const changed = changeWaiter(session, signal)
  let version = resumeAt(lastEventId, epoch)
  if (version === undefined || !catalog.canResume(version)) {
    yield toMessage({ kind: "reset", source: session.source })
    version = catalog.version
    const all = catalog.newestFirst()
    yield* batches(all.slice(0, FIRST_OPERATIONS), OPERATIONS_PER_MESSAGE)
    yield* batches(all.slice(FIRST_OPERATIONS), OPERATIONS_PER_MESSAGE)
  }
  let isReady = false
  let sentErrors = ""
  let sentState = "{}"
  while (!signal.aborted && !session.isClosed) {
    if (catalog.version > version) {
      const changes = catalog.changesSince(version)
      version = changes.version
      const removed = changes.removed
      for (let from = 0; from < Math.max(1, changes.operations.length); from += OPERATIONS_PER_MESSAGE) {
        const part = changes.operations.slice(from, from + OPERATIONS_PER_MESSAGE)
        yield toMessage({ kind: "operations", batch: packOperations(part), removed: from === 0 ? removed : [] })
      }
    }
    const lines = Object.fromEntries(readErrors.list().map((count) => [count.kind, count.lines]))
    const errors = toMessage({ kind: "readErrors", lines, losses: readErrors.losses() })
    if (errors.data !== sentErrors) {
      sentErrors = errors.data
      yield errors
    }
    const state = JSON.stringify(session.state)
    if (state !== sentState) {
      sentState = state
      yield toMessage({ kind: "state", state: session.state })
    }
    if (!session.isRead) yield toMessage({ kind: "progress", ...session.progress })
    else if (!isReady) {
      isReady = true
      yield { ...toMessage({ kind: "ready" }), id: `${epoch}.${version}` }
    } else yield { event: "mark", data: "{}", id: `${epoch}.${version}` }
    await changed()
  }
}

function* batches(operations: OperationSummary[], size: number): Generator<Message> {
  for (let from = 0; from < operations.length; from += size) {
    const batch = packOperations(operations.slice(from, from + size))
    yield toMessage({ kind: "operations", batch, removed: [] })
  }
}

function toMessage(event: ServerEvent): Message {
  return { event: event.kind, data: JSON.stringify(event) }
}

/** As `EventSource` reads it. JSON has no line breaks, so it is not searched for them. */
export function eventText({ event, data, id }: Message): string {
  return `event: ${event}\ndata: ${data}\n${id === undefined ? "" : `id: ${id}\n`}\n`
}

function resumeAt(lastEventId: string | undefined, epoch: string): number | undefined {
  const [from, version] = lastEventId?.split(".") ?? []
  return from === epoch && version !== undefined && /^\d+$/.test(version) ? Number(version) : undefined
}

/** Returns a function that waits for a change plus `BATCH_MS`, or for `KEEP_ALIVE_MS`. */
function changeWaiter(session: Session, signal: AbortSignal): () => Promise<void> {
  let hasChanged = false
  let wake: (() => void) | undefined
  const notify = () => {
    hasChanged = true
    wake?.()
  }
  const unsubscribe = session.subscribe(notify)
  signal.addEventListener("abort", () => {
    unsubscribe()
    notify()
  })
  return async () => {
    if (!hasChanged) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, KEEP_ALIVE_MS)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    if (!signal.aborted && !session.isClosed) await new Promise((resolve) => setTimeout(resolve, BATCH_MS))
    hasChanged = false
  }
}
