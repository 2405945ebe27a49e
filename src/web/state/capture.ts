import { computed, signal } from "@preact/signals"
import { type Operation, walk } from "../../model/operation.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import type { ReviewAnswer, Source } from "../../serve/protocol.ts"
import type { Backend, Connection, Sink } from "../backends/backend.ts"

/** The operations that the page knows, oldest first; a new array whenever one of them changed. */
export const operations = signal<readonly OperationSummary[]>([])
export const source = signal<Source | undefined>(undefined)
export const note = signal<string | undefined>(undefined)
export const connection = signal<Connection>("connecting")
/** share of the capture that was read, 0 to 1; 1 when all of it was */
export const readShare = signal(0)
export const isReady = signal(false)
export const unreadLines = signal<Record<string, number>>({})

const byId = new Map<string, OperationSummary>()

export const tally = computed(() => tallyOf(operations.value))

/** How many there are of each outcome that one looks for. */
export function tallyOf(all: readonly OperationSummary[]) {
  let failed = 0
  let running = 0
  let killed = 0
  for (const { outcome } of all) {
    if (outcome === "failed") failed++
    else if (outcome === "running") running++
    else if (outcome === "killed") killed++
  }
  return { all: all.length, failed, running, killed }
}

/** By the id of any of its calls; mostly it is the first one's. */
export function operationById(id: string | undefined): OperationSummary | undefined {
  const all = operations.value
  if (id === undefined) return undefined
  return byId.get(id) ?? all.find(({ calls }) => [...walk(calls)].some(({ call }) => call.id === id))
}

export const sink: Sink = {
  connection(state) {
    connection.value = state
  },
  reset(from, said) {
    byId.clear()
    operations.value = []
    source.value = from
    note.value = said
    isReady.value = false
    readShare.value = 0
    unreadLines.value = {}
  },
  progress(readBytes, totalBytes) {
    readShare.value = totalBytes > 0 ? Math.min(readBytes / totalBytes, 1) : 0
  },
  operations(changed, removed) {
    operations.value = mergeOperations(operations.peek(), changed, removed)
  },
  ready() {
    readShare.value = 1
    isReady.value = true
  },
  readErrors(lines) {
    unreadLines.value = lines
  },
}

/** Mostly new operations start after all that are known; sorting 100,000 again for each would be felt. */
function mergeOperations(
  known: readonly OperationSummary[],
  changed: OperationSummary[],
  removed: string[],
): readonly OperationSummary[] {
  const replaced = changed.some(({ id }) => byId.has(id)) || removed.some((id) => byId.has(id))
  for (const id of removed) byId.delete(id)
  const fresh = changed.filter(({ id }) => !byId.has(id)).sort((a, b) => a.wallMs - b.wallMs)
  for (const operation of changed) byId.set(operation.id, operation)
  const kept = replaced ? known.flatMap(({ id }) => byId.get(id) ?? []) : known
  const first = fresh[0]
  const last = kept.at(-1)
  const all = [...kept, ...fresh]
  if (first && last && first.wallMs < last.wallMs) all.sort((a, b) => a.wallMs - b.wallMs)
  return all
}

let backend: Backend | undefined
const wholeOperations = new Map<
  string,
  { light: OperationSummary | undefined; answer: Promise<Operation | undefined> }
>()
const WHOLE_KEPT = 20

export function connect(to: Backend): void {
  backend = to
  to.start(sink)
}

/** Ids of the operations that a filter lets through which asks for more than the page has. */
export function matchingIds(filter: string): Promise<string[]> {
  return backend?.matches(filter) ?? Promise.resolve([])
}

/** Findings and ledger as far as they are known; undefined while nobody answers. */
export async function reviewed(): Promise<ReviewAnswer | undefined> {
  return backend?.review().catch(() => undefined)
}

/** An operation with its streams; asked for once as long as it does not change. */
export function wholeOperation(id: string): Promise<Operation | undefined> {
  const light = byId.get(id)
  const known = wholeOperations.get(id)
  if (known && known.light === light) return known.answer
  const answer = backend?.operation(id) ?? Promise.resolve(undefined)
  wholeOperations.delete(id)
  wholeOperations.set(id, { light, answer })
  answer.catch(() => wholeOperations.delete(id))
  const oldest = wholeOperations.size > WHOLE_KEPT ? wholeOperations.keys().next().value : undefined
  if (oldest !== undefined) wholeOperations.delete(oldest)
  return answer
}
