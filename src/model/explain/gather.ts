import type { LossRecord } from "../../capture/record.ts"
import { type Address, parseAddress } from "../../cni/address.ts"
import type { TimeRange } from "../filter/time-range.ts"
import { Ledger } from "../ledger/ledger.ts"
import { conclude } from "../ledger/left-behind.ts"
import type { LedgerRow, NodeState } from "../ledger/node-ledger.ts"
import type { Finding } from "../lint/finding.ts"
import { Linter } from "../lint/linter.ts"
import { lossesOf } from "../losses.ts"
import type { Operation } from "../operation.ts"
import type { OperationSummary } from "../packed-operations.ts"
import type { NodeEvidence } from "./node-evidence.ts"
import { lastWorked } from "./plugin-lists.ts"
import type { ExplainContext } from "./statement.ts"
import { AROUND_MS, isPoolExhausted, questionableAddresses, Surroundings } from "./surroundings.ts"

/** The source of facts beyond an operation itself: a capture on disk, or operations in memory. */
export interface ExplainSource {
  /** those that began within the range, in that order; streams are not needed */
  operations(range: TimeRange): Iterable<Operation | OperationSummary> | AsyncIterable<Operation | OperationSummary>
  /** what observers did not record while the operations that were read last were running */
  losses(): readonly LossRecord[]
  /** with streams; undefined if it is no longer there */
  whole(id: string): Promise<Operation | undefined>
  /** the state of the node that these operations were recorded on, if it can be read */
  nodeState(related: readonly Operation[], dataDirs: string[]): Promise<NodeState | undefined>
  /** what that node shows about one of them; undefined if it is another node */
  evidenceOf(related: readonly Operation[]): ((operation: Operation) => NodeEvidence | undefined) | undefined
  /** attachments that have the address or had it, at least those of other containers than the operation's */
  owners(address: Address, operation: Operation, state: NodeState | undefined): Promise<readonly LedgerRow[]>
  /** all attachments that are not gone, as far as they are known */
  ledger(): Promise<readonly LedgerRow[]>
}

/**
 * What is known about the operations of a pod or container. `contextOf` suffices to choose one of them; `completed` adds,
 * for the chosen one, what has to be looked for in the whole capture.
 */
export type SubjectFacts = {
  related: readonly Operation[]
  contextOf(operation: Operation): ExplainContext
  completed(operation: Operation): Promise<ExplainContext>
}

/** `subject`: the operations of one pod, or without a pod of one container, in the order they began. */
export async function gather(
  source: ExplainSource,
  subject: Iterable<Operation> | AsyncIterable<Operation>,
  nowMs: number,
): Promise<SubjectFacts> {
  const ledger = new Ledger()
  const linter = new Linter(nowMs)
  const related: Operation[] = []
  const findings = new Map<string, Finding[]>()
  for await (const operation of subject) {
    related.push(operation)
    ledger.add(operation)
    findings.set(operation.id, linter.check(operation))
  }
  const state = await source.nodeState(related, ledger.dataDirs)
  const containers = new Set(related.map(({ containerId }) => containerId))
  const attachments = conclude(ledger, state).filter(({ containerId }) => containers.has(containerId))
  const around = await surroundingsOf(source, related)
  const losses = source.losses()
  const evidenceOf = source.evidenceOf(related)
  const contextOf = (operation: Operation): ExplainContext => {
    const node = evidenceOf?.(operation)
    return {
      related,
      unread: 0,
      attachments,
      sharingAddress: [],
      network: [],
      abandoned: around.abandonedWith(operation),
      findings: findings.get(operation.id) ?? [],
      list: around.listOf(operation, related, node),
      worked: undefined,
      node,
      losses: lossesOf(operation, losses),
      nowMs,
    }
  }
  return {
    related,
    contextOf,
    async completed(operation) {
      const context = contextOf(operation)
      const worked = operation.outcome === "ok" ? undefined : lastWorked(operation.command, context.list)
      return {
        ...context,
        sharingAddress: await sharingAddress(source, operation, state),
        network: isPoolExhausted(operation) ? await networkOf(source, operation) : [],
        worked: worked === undefined ? undefined : await source.whole(worked),
      }
    },
  }
}

async function surroundingsOf(source: ExplainSource, related: readonly Operation[]): Promise<Surroundings> {
  const [first, last] = [related[0], related.at(-1)]
  const near = first && last ? { sinceMs: first.wallMs - AROUND_MS, untilMs: last.wallMs + AROUND_MS } : {}
  let around = new Surroundings()
  for (const range of [near, {}]) {
    around = new Surroundings()
    for await (const operation of source.operations(range)) around.add(operation)
    if (around.suffice(related)) break
  }
  return around
}

/** Attachments of other containers of the node that also have an address of this ADD, or the one that it requested. */
async function sharingAddress(
  source: ExplainSource,
  operation: Operation,
  state: NodeState | undefined,
): Promise<LedgerRow[]> {
  const found: LedgerRow[] = []
  for (const ip of questionableAddresses(operation)) {
    const address = parseAddress(ip.replace(/\/\d+$/, ""))
    if (!address) continue
    const others = (await source.owners(address, operation, state)).filter(
      (row) => row.containerId !== operation.containerId && isSameNode(row, operation) && row.state !== "gone",
    )
    found.push(...others.map((row) => ({ ...row, ips: [ip] })))
  }
  return found
}

async function networkOf(source: ExplainSource, operation: Operation): Promise<LedgerRow[]> {
  const rows = await source.ledger()
  return rows.filter((row) => row.network === operation.network && isSameNode(row, operation))
}

/** A row that only a store of the node shows has no node. */
function isSameNode(row: LedgerRow, { node }: Operation): boolean {
  return row.node === undefined || row.node === node
}
