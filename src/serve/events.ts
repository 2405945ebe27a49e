import type { OperationSummary } from "../model/packed-operations.ts"
import { packOperations } from "../model/packed-operations.ts"
import type { ServerEvent } from "./protocol.ts"
import type { Session } from "./session.ts"

export type Message = { event: string; data: string; id?: string }

/** The first screen is small, so that it is there at once. */
const FIRST_OPERATIONS = 200
const OPERATIONS_AT_ONCE = 4_000
/** Changes within this time go together: a thousand calls a second are ten messages. */
const TOGETHER_MS = 100
/** A connection that says nothing is cut by proxies. */
const QUIET_MS = 15_000

/**
 * What one page is told, until it goes or the session ends. `epoch` names this server: versions of an earlier one mean
 * nothing here.
 */
export async function* messages(
  session: Session,
  epoch: string,
  lastEventId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  const { catalog, readErrors } = session
  const bell = ringer(session, signal)
  let version = resumeAt(lastEventId, epoch)
  if (version === undefined) {
    yield say({ kind: "reset", source: session.source })
    version = catalog.version
    const all = catalog.newestFirst()
    yield* batches(all.slice(0, FIRST_OPERATIONS), OPERATIONS_AT_ONCE)
    yield* batches(all.slice(FIRST_OPERATIONS), OPERATIONS_AT_ONCE)
  }
  let isReady = false
  let damageText = ""
  while (!signal.aborted && !session.isClosed) {
    if (catalog.version > version) {
      const changes = catalog.changesSince(version)
      version = changes.version
      const removed = changes.removed
      for (let from = 0; from < Math.max(1, changes.operations.length); from += OPERATIONS_AT_ONCE) {
        const part = changes.operations.slice(from, from + OPERATIONS_AT_ONCE)
        yield say({ kind: "operations", batch: packOperations(part), removed: from === 0 ? removed : [] })
      }
    }
    const lines = Object.fromEntries(readErrors.list().map((count) => [count.kind, count.lines]))
    if (JSON.stringify(lines) !== damageText) {
      damageText = JSON.stringify(lines)
      yield say({ kind: "damage", lines })
    }
    if (!session.isRead) yield say({ kind: "progress", ...session.progress })
    else if (!isReady) {
      isReady = true
      yield { ...say({ kind: "ready" }), id: `${epoch}.${version}` }
    } else yield { event: "mark", data: "{}", id: `${epoch}.${version}` }
    await bell()
  }
}

function* batches(operations: OperationSummary[], atOnce: number): Generator<Message> {
  for (let from = 0; from < operations.length; from += atOnce) {
    const batch = packOperations(operations.slice(from, from + atOnce))
    yield say({ kind: "operations", batch, removed: [] })
  }
}

function say(event: ServerEvent): Message {
  return { event: event.kind, data: JSON.stringify(event) }
}

function resumeAt(lastEventId: string | undefined, epoch: string): number | undefined {
  const [from, version] = lastEventId?.split(".") ?? []
  return from === epoch && version !== undefined && /^\d+$/.test(version) ? Number(version) : undefined
}

/** Waits for a change, and then a little for those that come with it; a quiet session is heard of every 15 s. */
function ringer(session: Session, signal: AbortSignal): () => Promise<void> {
  let hasRung = false
  let wake: (() => void) | undefined
  const ring = () => {
    hasRung = true
    wake?.()
  }
  const unsubscribe = session.subscribe(ring)
  signal.addEventListener("abort", () => {
    unsubscribe()
    ring()
  })
  return async () => {
    if (!hasRung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, QUIET_MS)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    if (!signal.aborted && !session.isClosed) await new Promise((resolve) => setTimeout(resolve, TOGETHER_MS))
    hasRung = false
  }
}
