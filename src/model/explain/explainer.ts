import type { LossRecord } from "../../capture/record.ts"
import { isSameAddress, parseAddress } from "../../cni/address.ts"
import { podKey, resultOf } from "../call.ts"
import { Ledger } from "../ledger/ledger.ts"
import { conclude } from "../ledger/left-behind.ts"
import type { LedgerRow, NodeState } from "../ledger/node-ledger.ts"
import type { Finding } from "../lint/finding.ts"
import { Linter } from "../lint/linter.ts"
import { lossesOf } from "../losses.ts"
import { type Operation, walk } from "../operation.ts"
import type { OperationSummary } from "../packed-operations.ts"
import { addressesOf } from "../result/result-fields.ts"
import { explain } from "./explain.ts"
import type { NodeEvidence } from "./node-evidence.ts"
import type { ExplainContext, Explanation } from "./statement.ts"
import { AROUND_MS, isPoolExhausted, lastWorked, questionableAddresses, Surroundings } from "./surroundings.ts"

type Known = Operation | OperationSummary

/** Where an explainer finds what it needs of a capture that is in memory, with or without streams. */
export interface ExplainSource {
  /** in the order they began */
  all(): readonly Known[]
  whole(operation: Known): Operation | Promise<Operation>
  /** the state of the node that these operations were recorded on, if it can be read */
  nodeState?(operations: readonly Operation[], dataDirs: string[]): Promise<NodeState | undefined>
  evidence?(operation: Operation): NodeEvidence | undefined
  /** what observers did not record */
  losses?(): readonly LossRecord[]
  /** all attachments; undefined if they are not known yet */
  ledger?(nowMs: number): Promise<readonly LedgerRow[] | undefined>
}

/** A pod that is tried for days has thousands. */
const MOST_RELATED = 200

/** Explains an operation as `cnitap explain` does, from operations that are in memory. */
export async function explainFrom(source: ExplainSource, wanted: Known, nowMs: number): Promise<Explanation> {
  const all = source.all()
  const related = await wholeOf(
    source,
    nearest(
      all.filter((one) => isRelated(one, wanted)),
      wanted,
    ),
  )
  const operation = related.find(({ id }) => id === wanted.id) ?? (await source.whole(wanted))
  const { ledger, findings } = checked(related, operation, nowMs)
  const state = await source.nodeState?.(related, ledger.dataDirs)
  const containers = new Set(related.map(({ containerId }) => containerId))
  const node = source.evidence?.(operation)
  const around = surroundingsOf(all, related)
  const list = around.listOf(operation, related, node)
  const good = lastWorked(operation, list)
  const worked = all.find(({ id }) => id === good)
  const rows = isPoolExhausted(operation) ? await source.ledger?.(nowMs) : undefined
  const context: ExplainContext = {
    related,
    attachments: conclude(ledger, state).filter(({ containerId }) => containers.has(containerId)),
    sharingAddress: await sharing(source, all, operation, state),
    network: (rows ?? []).filter((row) => row.network === operation.network && isSameNode(row, operation)),
    abandoned: around.abandonedWith(operation),
    findings,
    list,
    worked: worked && (await source.whole(worked)),
    node,
    losses: lossesOf(operation, source.losses?.() ?? []),
    nowMs,
  }
  return explain(operation, context)
}

/** Those of the same pod; without a pod, of the same container. */
function isRelated(one: Known, { id, pod, containerId }: Known): boolean {
  if (one.id === id) return true
  if (pod) return one.pod !== undefined && podKey(one.pod) === podKey(pod)
  return containerId !== undefined && one.containerId === containerId
}

function nearest(related: readonly Known[], { id }: Known): readonly Known[] {
  const at = related.findIndex((one) => one.id === id)
  const from = Math.max(0, Math.min(at - MOST_RELATED / 2, related.length - MOST_RELATED))
  return related.slice(from, from + MOST_RELATED)
}

async function wholeOf(source: ExplainSource, operations: readonly Known[]): Promise<Operation[]> {
  const whole: Operation[] = []
  for (const operation of operations) whole.push(await source.whole(operation))
  return whole
}

function checked(related: readonly Operation[], operation: Operation, nowMs: number) {
  const ledger = new Ledger()
  const linter = new Linter(nowMs)
  let findings: Finding[] = []
  for (const one of related) {
    ledger.add(one)
    const found = linter.check(one)
    if (one.id === operation.id) findings = found
  }
  return { ledger, findings }
}

function surroundingsOf(all: readonly Known[], related: readonly Operation[]): Surroundings {
  const fromMs = (related[0]?.wallMs ?? 0) - AROUND_MS
  const toMs = (related.at(-1)?.wallMs ?? 0) + AROUND_MS
  const near = new Surroundings()
  for (const one of all) if (one.wallMs >= fromMs && one.wallMs <= toMs) near.add(one)
  if (near.suffice(related)) return near
  const whole = new Surroundings()
  for (const one of all) whole.add(one)
  return whole
}

/** Attachments of other containers of the node that have an address of this ADD too, or the one that it asked for. */
async function sharing(
  source: ExplainSource,
  all: readonly Known[],
  operation: Operation,
  state: NodeState | undefined,
): Promise<LedgerRow[]> {
  const found: LedgerRow[] = []
  for (const ip of questionableAddresses(operation)) {
    const address = parseAddress(ip.replace(/\/\d+$/, ""))
    if (!address) continue
    const has = (ips: readonly string[]) => ips.some((one) => isSameAddress(one, address))
    const owners = new Set(
      all.flatMap((one) =>
        one.containerId !== operation.containerId && isSameNode(one, operation) && has(addressesIn(one))
          ? [one.containerId]
          : [],
      ),
    )
    if (owners.size === 0) continue
    const ledger = new Ledger()
    for (const one of await wholeOf(
      source,
      all.filter(({ containerId }) => owners.has(containerId)),
    ))
      ledger.add(one)
    const rows = conclude(ledger, state).filter(
      (row) => row.state !== "gone" && owners.has(row.containerId) && has(row.ips),
    )
    found.push(...rows.map((row) => ({ ...row, ips: [ip] })))
  }
  return found
}

function isSameNode(one: { node?: string | undefined }, { node }: Operation): boolean {
  return one.node === undefined || one.node === node
}

function addressesIn(operation: Known): readonly string[] {
  if (operation.command !== "ADD") return []
  if ("summaries" in operation) return [...operation.summaries.values()].flatMap(({ ips }) => ips ?? [])
  return [...walk(operation.calls)].flatMap(({ call }) => addressesOf(resultOf(call)))
}
