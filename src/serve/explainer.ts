import { hostname } from "node:os"
import { type Address, isSameAddress } from "../cni/address.ts"
import { Fault } from "../fault/fault.ts"
import { podKey } from "../model/call.ts"
import { explain } from "../model/explain/explain.ts"
import { type ExplainSource, gather } from "../model/explain/gather.ts"
import type { NodeEvidence } from "../model/explain/node-evidence.ts"
import type { Explanation } from "../model/explain/statement.ts"
import { Ledger } from "../model/ledger/ledger.ts"
import { conclude } from "../model/ledger/left-behind.ts"
import type { LedgerRow, NodeState } from "../model/ledger/node-ledger.ts"
import type { Operation } from "../model/operation.ts"
import type { OperationSummary } from "../model/packed-operations.ts"
import type { ReadState, Reviewer } from "./reviewer.ts"
import type { Session } from "./session.ts"

/** Reads what the node shows about operations; undefined if the capture is not of this node. */
export type ReadEvidence = () => ((operation: Operation) => NodeEvidence) | undefined

/** The node is looked at again after this time. */
const EVIDENCE_FRESH_MS = 30_000
/** A pod that is tried for days has thousands of operations: the streams of those next to the explained one are read. */
const MOST_RELATED = 200

/** Explains operations as `cnitap explain` does, from the catalog of a session, which has all of them in memory. */
export class Explainer {
  readonly #session: Session
  readonly #reviewer: Reviewer
  readonly #readState: ReadState
  readonly #readEvidence: ReadEvidence
  readonly #isOtherRoot: boolean
  #evidence: { atMs: number; of: ReturnType<ReadEvidence> } | undefined

  constructor(
    session: Session,
    reviewer: Reviewer,
    readState: ReadState,
    readEvidence: ReadEvidence,
    isOtherRoot: boolean,
  ) {
    this.#session = session
    this.#reviewer = reviewer
    this.#readState = readState
    this.#readEvidence = readEvidence
    this.#isOtherRoot = isOtherRoot
  }

  /** Undefined if the operation is no longer in the capture. */
  async explain(id: string, nowMs: number): Promise<Explanation | undefined> {
    const wanted = this.#session.catalog.operationOf(id)
    if (!wanted) return undefined
    const all = this.#session.catalog.newestFirst().reverse()
    const related = all.filter((one) => isRelated(one, wanted))
    const facts = await gather(this.#sourceOf(all, nowMs), this.#whole(nearest(related, wanted)), nowMs)
    const whole = new Map<string, Operation>(facts.related.map((one) => [one.id, one]))
    const operation = whole.get(wanted.id)
    if (!operation) return undefined
    return explain(operation, {
      ...(await facts.completed(operation)),
      related: related.map((one) => whole.get(one.id) ?? one),
      unread: related.length - whole.size,
    })
  }

  async *#whole(operations: readonly OperationSummary[]): AsyncGenerator<Operation> {
    for (const operation of operations) yield await this.#session.whole(operation)
  }

  #sourceOf(all: readonly OperationSummary[], nowMs: number): ExplainSource {
    return {
      operations: ({ sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY }) =>
        all.filter(({ wallMs }) => wallMs >= sinceMs && wallMs <= untilMs),
      losses: () => this.#session.readErrors.losses(),
      whole: async (id) => {
        const summary = this.#session.catalog.operationOf(id)
        return summary && (await this.#session.whole(summary))
      },
      nodeState: (related, dataDirs) => this.#nodeState(related, dataDirs),
      evidenceOf: () => this.#freshEvidence(),
      owners: (address, operation, state) => this.#owners(all, address, operation, state),
      ledger: async () => {
        const { isComplete, ledger } = await this.#reviewer.answer(nowMs)
        return isComplete ? ledger.filter(({ state }) => state !== "gone") : []
      },
    }
  }

  #freshEvidence(): ReturnType<ReadEvidence> {
    if (!this.#evidence || Date.now() - this.#evidence.atMs > EVIDENCE_FRESH_MS)
      this.#evidence = { atMs: Date.now(), of: this.#readEvidence() }
    return this.#evidence.of
  }

  async #nodeState(related: readonly Operation[], dataDirs: string[]): Promise<NodeState | undefined> {
    const nodes = new Set(related.flatMap(({ node }) => node ?? []))
    const [first, last] = [related[0], related.at(-1)]
    const isComparable = this.#session.source.isLive && (this.#isOtherRoot || nodes.has(hostname()))
    if (!isComparable || !first || !last) return undefined
    const recorded = [{ fromMs: first.wallMs, toMs: last.wallMs }]
    return this.#readState({ nodes, dataDirs, recorded }).catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error
      // The page shows the capture without the node's state, and the ledger says why.
      return undefined
    })
  }

  async #owners(
    all: readonly OperationSummary[],
    address: Address,
    { containerId }: Operation,
    state: NodeState | undefined,
  ): Promise<LedgerRow[]> {
    const has = (ips: readonly string[]) => ips.some((ip) => isSameAddress(ip, address))
    const containers = new Set(
      all.flatMap((one) => (one.containerId !== containerId && has(addressesIn(one)) ? [one.containerId] : [])),
    )
    const ledger = new Ledger()
    for await (const one of this.#whole(all.filter((one) => containers.has(one.containerId)))) ledger.add(one)
    return conclude(ledger, state).filter((row) => containers.has(row.containerId) && has(row.ips))
  }
}

/** Those of the same pod; without a pod, of the same container. */
function isRelated(one: OperationSummary, { id, pod, containerId }: OperationSummary): boolean {
  if (one.id === id) return true
  if (pod) return one.pod !== undefined && podKey(one.pod) === podKey(pod)
  return containerId !== undefined && one.containerId === containerId
}

function nearest(related: readonly OperationSummary[], { id }: OperationSummary): readonly OperationSummary[] {
  const at = related.findIndex((one) => one.id === id)
  const from = Math.max(0, Math.min(at - MOST_RELATED / 2, related.length - MOST_RELATED))
  return related.slice(from, from + MOST_RELATED)
}

function addressesIn({ command, summaries }: OperationSummary): readonly string[] {
  return command === "ADD" ? [...summaries.values()].flatMap(({ ips }) => ips ?? []) : []
}
