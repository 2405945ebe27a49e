import { computed, signal } from "@preact/signals"
import type { LossRecord } from "../../capture/record.ts"
import type { Explanation } from "../../model/explain/statement.ts"
import { walk } from "../../model/operation.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import type { CaptureState, OperationAnswer, ReviewAnswer, Source } from "../../serve/protocol.ts"
import type { Backend, Connection, OperationSink } from "../backends/backend.ts"

/** All operations that the page has, oldest first. A new array after each change. */
export const operations = signal<readonly OperationSummary[]>([])
export const source = signal<Source | undefined>(undefined)
export const note = signal<string | undefined>(undefined)
export const connection = signal<Connection>("connecting")
/** Whether the server does not answer, or denies: what is shown was received before. */
export const isAway = computed(() => connection.value === "lost" || connection.value === "denied")
/** fraction of the capture that has been read, 0 to 1 */
export const readShare = signal(0)
export const isReady = signal(false)
export const unreadLines = signal<Record<string, number>>({})
/** what observers did not record */
export const losses = signal<readonly LossRecord[]>([])
export const captureState = signal<CaptureState>({})

const byId = new Map<string, OperationSummary>()
/** Until a restarted server has sent all operations: those that it has not sent yet. */
let unconfirmed: Set<string> | undefined

/** Whether the operations are of more than one node: only then is the node shown. */
export const hasSeveralNodes = computed(() => {
  const first = operations.value.find(({ node }) => node !== undefined)?.node
  return operations.value.some(({ node }) => node !== undefined && node !== first)
})

export const tally = computed(() => tallyOf(operations.value))

/** Number of operations by outcome. */
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

/** Finds an operation by the ID of any of its calls; usually the first one. */
export function operationById(id: string | undefined): OperationSummary | undefined {
  const all = operations.value
  if (id === undefined) return undefined
  return byId.get(id) ?? all.find(({ calls }) => walk(calls).some(({ call }) => call.id === id))
}

export const sink: OperationSink = {
  connection(state) {
    connection.value = state
  },
  reset(from, text) {
    const known = source.peek()
    if (known?.path === from.path && known.host === from.host) unconfirmed = new Set(byId.keys())
    else {
      byId.clear()
      operations.value = []
    }
    source.value = from
    captureState.value = {}
    note.value = text
    isReady.value = false
    readShare.value = 0
    unreadLines.value = {}
    losses.value = []
  },
  progress(readBytes, totalBytes) {
    readShare.value = totalBytes > 0 ? Math.min(readBytes / totalBytes, 1) : 0
  },
  operations(changed, removed) {
    for (const { id } of changed) unconfirmed?.delete(id)
    operations.value = mergeOperations(operations.peek(), changed, removed)
  },
  ready() {
    if (unconfirmed) operations.value = mergeOperations(operations.peek(), [], [...unconfirmed])
    unconfirmed = undefined
    readShare.value = 1
    isReady.value = true
  },
  readErrors(lines, lost) {
    unreadLines.value = lines
    losses.value = lost
  },
  state(state) {
    captureState.value = state
  },
}

/** New operations usually start after all others: sorting 100,000 again for each change would be slow. */
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
let connected = new AbortController()
const wholeOperations = new Map<
  string,
  { summary: OperationSummary | undefined; answer: Promise<OperationAnswer | undefined> }
>()
const MOST_WHOLE = 20

export function connect(to: Backend): void {
  connected.abort()
  connected = new AbortController()
  backend = to
  to.start(sink, connected.signal)
}

/** IDs of the operations that match a filter on data that the page does not have. */
export function matchingIds(filter: string): Promise<string[]> {
  return backend?.matches(filter) ?? Promise.resolve([])
}

/** The page with the operations that match a filter, as one file. Undefined if the server does not give it. */
export async function pageFile(filter: string): Promise<Blob | undefined> {
  return backend?.file(filter).catch(() => undefined)
}

/** Findings and ledger as far as they are known. Undefined if the server is not responding. */
export async function reviewed(): Promise<ReviewAnswer | undefined> {
  return backend?.review().catch(() => undefined)
}

/** What `cnitap explain` says about an operation. */
export async function explanationOf(id: string): Promise<Explanation | undefined> {
  return backend?.explanation(id).catch(() => undefined)
}

/** An operation with its streams; requested once until it changes. */
export function wholeOperation(id: string): Promise<OperationAnswer | undefined> {
  const summary = byId.get(id)
  const cached = wholeOperations.get(id)
  if (cached && cached.summary === summary) return cached.answer
  const answer = backend?.operation(id) ?? Promise.resolve(undefined)
  wholeOperations.delete(id)
  wholeOperations.set(id, { summary, answer })
  answer.catch(() => wholeOperations.delete(id))
  const oldest = wholeOperations.size > MOST_WHOLE ? wholeOperations.keys().next().value : undefined
  if (oldest !== undefined) wholeOperations.delete(oldest)
  return answer
}
