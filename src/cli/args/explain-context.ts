import { parseAddress } from "../../cni/address.ts"
import type { ExplainContext } from "../../model/explain/statement.ts"
import {
  AROUND_MS,
  isPoolExhausted,
  lastWorked,
  questionableAddresses,
  Surroundings,
} from "../../model/explain/surroundings.ts"
import { EVERYTHING } from "../../model/filter/filter.ts"
import { Ledger } from "../../model/ledger/ledger.ts"
import { conclude } from "../../model/ledger/left-behind.ts"
import type { LedgerRow } from "../../model/ledger/node-ledger.ts"
import type { Finding } from "../../model/lint/finding.ts"
import { Linter } from "../../model/lint/linter.ts"
import { lossesOf } from "../../model/losses.ts"
import type { Operation } from "../../model/operation.ts"
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
  const { around, losses } = await readAround(selection, related)
  const evidenceOf = isThisNode(rootOf(options), nodes) ? nodeEvidenceOf(options, capture) : undefined
  const contextOf = (operation: Operation): ExplainContext => {
    const node = evidenceOf?.(operation)
    return {
      related,
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

async function readAround({ capture, progress }: Selection, related: readonly Operation[]) {
  const [first, last] = [related[0], related.at(-1)]
  const near = first && last ? { sinceMs: first.wallMs - AROUND_MS, untilMs: last.wallMs + AROUND_MS } : {}
  let [around, errors] = [new Surroundings(), new ReadErrors()]
  for (const range of [near, {}]) {
    ;[around, errors] = [new Surroundings(), new ReadErrors()]
    const reading = { filter: EVERYTHING, progress, withoutStreams: true }
    for await (const operation of readOperations(capture, errors, range, reading)) around.add(operation)
    if (around.suffice(related)) break
  }
  return { around, losses: errors.losses() }
}

/** Attachments of other containers of the node that have an address of this ADD too, or the one that it asked for. */
async function sharingAddress(
  context: Context,
  options: Record<string, unknown>,
  everything: Selection,
  operation: Operation,
): Promise<LedgerRow[]> {
  const found: LedgerRow[] = []
  for (const ip of questionableAddresses(operation)) {
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
  operation: Operation,
  { list }: ExplainContext,
): Promise<Operation | undefined> {
  const good = lastWorked(operation, list)
  return good === undefined ? undefined : (await findCall(everything, good).catch(() => undefined))?.operation
}

/** The attachments of the operation's network, if it had no free address. */
async function networkOf(
  context: Context,
  options: Record<string, unknown>,
  everything: Selection,
  operation: Operation,
): Promise<LedgerRow[]> {
  if (!isPoolExhausted(operation)) return []
  const { rows } = await readLedger(context, options, everything)
  return rows.filter(
    ({ network, node }) => network === operation.network && (node === undefined || node === operation.node),
  )
}
