import { parseAddress } from "../../cni/address.ts"
import { isAbandoned } from "../../model/call.ts"
import { resultAddresses } from "../../model/explain/error-text.ts"
import type { NodeEvidence } from "../../model/explain/node-evidence.ts"
import { type PluginList, PluginLists, withCurrentList } from "../../model/explain/plugin-lists.ts"
import { refusedAddressOf } from "../../model/explain/requested-address.ts"
import type { ExplainContext } from "../../model/explain/statement.ts"
import { EVERYTHING } from "../../model/filter/filter.ts"
import { Ledger } from "../../model/ledger/ledger.ts"
import { conclude } from "../../model/ledger/left-behind.ts"
import type { LedgerRow } from "../../model/ledger/node-ledger.ts"
import type { Finding } from "../../model/lint/finding.ts"
import { Linter } from "../../model/lint/linter.ts"
import { type Operation, walk } from "../../model/operation.ts"
import { reportOf } from "../../model/result/runtime-report.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"
import { readCaptureFacts } from "../../store/query/ledger.ts"
import { readOperations } from "../../store/query/operations.ts"
import type { Context } from "../context.ts"
import { findCall } from "./call-by-id.ts"
import { nodeEvidenceOf } from "./node-evidence.ts"
import { nodeStateOf, readLedger, readOwners } from "./read-ledger.ts"
import type { Selection } from "./selection.ts"
import type { Subject } from "./subject.ts"
import { isThisNode, rootOf } from "./this-node.ts"

/**
 * What is known about the operations of a subject. `contextOf` suffices to choose one of them; `completed` adds, for the
 * chosen one, what has to be looked for in the whole capture.
 */
export type SubjectFacts = {
  related: Operation[]
  contextOf(operation: Operation): ExplainContext
  completed(operation: Operation): Promise<ExplainContext>
}

export async function readSubject(
  context: Context,
  options: Record<string, unknown>,
  selection: Selection,
  subject: Subject,
): Promise<SubjectFacts> {
  const nowMs = context.nowMs()
  const { capture } = selection
  const ledger = new Ledger()
  const linter = new Linter(nowMs)
  const related: Operation[] = []
  const findings = new Map<string, Finding[]>()
  for await (const operation of subject.related()) {
    related.push(operation)
    ledger.add(operation)
    findings.set(operation.id, linter.check(operation))
  }
  const nodes = new Set(related.flatMap(({ node }) => node ?? []))
  const facts = await readCaptureFacts(capture)
  const state = await nodeStateOf(context, options, capture, { ...facts, nodes })
  const containers = new Set(related.map(({ containerId }) => containerId))
  const attachments = conclude(ledger, state).filter(({ containerId }) => containers.has(containerId))
  const { lists, abandoned } = await readAround(selection, related)
  const evidenceOf = isThisNode(rootOf(options), nodes) ? nodeEvidenceOf(options, capture) : undefined
  const contextOf = (operation: Operation): ExplainContext => {
    const node = evidenceOf?.(operation)
    return {
      related,
      attachments,
      sharingAddress: [],
      network: [],
      abandoned: abandonedWith(operation, abandoned),
      findings: findings.get(operation.id) ?? [],
      list: listOf(lists, operation, related, node),
      worked: undefined,
      node,
      nowMs,
    }
  }
  const everything = { ...selection, filter: EVERYTHING, range: {}, readErrors: new ReadErrors() }
  return {
    related,
    contextOf,
    completed: async (operation) => ({
      ...contextOf(operation),
      sharingAddress: await sharingAddress(context, options, everything, operation),
      network: await networkOf(context, options, everything, operation),
      worked: await workedBefore(everything, operation, contextOf(operation)),
    }),
  }
}

/** The list as the node has it now is known exactly; the one that other operations show is older, and may be a part of it. */
function listOf(
  lists: PluginLists,
  operation: Operation,
  related: readonly Operation[],
  node: NodeEvidence | undefined,
): PluginList | undefined {
  const learned = lists.of(operation, related)
  return node?.list ? withCurrentList(learned, node.list, operation) : learned
}

/** Plugin lists are learnt from operations of the hours around; from the whole capture only if those do not suffice. */
const AROUND_MS = 2 * 3_600_000

type Around = { lists: PluginLists; abandoned: Operation[] }

async function readAround({ capture, progress }: Selection, related: readonly Operation[]): Promise<Around> {
  const lists = new PluginLists()
  const [first, last] = [related[0], related.at(-1)]
  const near = first && last ? { sinceMs: first.wallMs - AROUND_MS, untilMs: last.wallMs + AROUND_MS } : {}
  let abandoned: Operation[] = []
  for (const range of [near, {}]) {
    abandoned = []
    const reading = { filter: EVERYTHING, progress, withoutStreams: true }
    for await (const operation of readOperations(capture, new ReadErrors(), range, reading)) {
      lists.add(operation)
      if (operation.calls.some(({ call }) => isAbandoned(call))) abandoned.push(operation)
    }
    if (related.some((operation) => lists.of(operation))) break
  }
  return { lists, abandoned }
}

/** A runtime that ends leaves all its operations within this time. */
const SAME_END_MS = 10_000

/** Other operations that the same runtime process abandoned when it abandoned this one. */
function abandonedWith(operation: Operation, abandoned: readonly Operation[]): number {
  const ended = ({ wallMs, durationMs = 0 }: Operation) => wallMs + durationMs
  const parent = operation.calls[0]?.call.ppid
  return abandoned.filter(
    (other) =>
      other.id !== operation.id &&
      other.node === operation.node &&
      other.calls[0]?.call.ppid === parent &&
      Math.abs(ended(other) - ended(operation)) < SAME_END_MS,
  ).length
}

/** Attachments of other containers of the node that have an address of this ADD too, or the one that it asked for. */
async function sharingAddress(
  context: Context,
  options: Record<string, unknown>,
  everything: Selection,
  operation: Operation,
): Promise<LedgerRow[]> {
  if (operation.command !== "ADD") return []
  const refused = refusedAddressOf(operation)
  const found: LedgerRow[] = []
  for (const ip of operation.outcome === "ok" ? resultAddresses(operation) : refused ? [refused] : []) {
    const address = parseAddress(ip)
    if (!address) continue
    const { rows } = await readOwners(context, options, everything, address)
    const others = rows.filter(
      ({ containerId, node, state }) =>
        containerId !== operation.containerId && node === operation.node && state !== "gone",
    )
    found.push(...others.map((row) => ({ ...row, ips: [ip] })))
  }
  return found
}

/** With streams: lists are learned without. */
async function workedBefore(
  everything: Selection,
  { id, command, outcome }: Operation,
  { list }: ExplainContext,
): Promise<Operation | undefined> {
  const good = list?.lastComplete.get(command)
  if (outcome === "ok" || good === undefined || good === id) return undefined
  return (await findCall(everything, good).catch(() => undefined))?.operation
}

/** The attachments of the operation's network, if it had no free address. */
async function networkOf(
  context: Context,
  options: Record<string, unknown>,
  everything: Selection,
  operation: Operation,
): Promise<LedgerRow[]> {
  const isExhausted = [...walk(operation.calls)].some(({ call }) => {
    const report = reportOf(call)
    return report.kind === "failure" && /no ip addresses available/i.test(report.message)
  })
  if (!isExhausted) return []
  const { rows } = await readLedger(context, options, everything)
  return rows.filter(
    ({ network, node }) => network === operation.network && (node === undefined || node === operation.node),
  )
}
