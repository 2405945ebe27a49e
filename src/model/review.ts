import { type Call, isFailed } from "./call.ts"
import type { Attachment } from "./ledger/attachment.ts"
import { Ledger } from "./ledger/ledger.ts"
import { LEDGER_FACTS_IN_STREAMS, type LedgerFacts } from "./ledger/ledger-facts.ts"
import { FindingGroups } from "./lint/finding-groups.ts"
import { findingsByRule, type RuleFindings } from "./lint/findings-by-rule.ts"
import type { WholeCall } from "./lint/lifecycle-checker.ts"
import { type CallCheck, Linter } from "./lint/linter.ts"
import { isOperationOver, type Operation, walk } from "./operation.ts"

/**
 * Findings and ledger of operations, which are added in the order they began. An operation that can still get calls may be
 * added again with more of them; its findings and attachments are computed on each request until it is complete, and only
 * once after that. Times are milliseconds since 1970.
 */
export class Review {
  readonly #whole: WholeCall
  readonly #linter: Linter
  readonly #ledger = new Ledger()
  readonly #findings = new FindingGroups()
  readonly #incomplete = new Map<string, Operation>()
  readonly #completed = new Set<string>()

  /** `whole`: reads the streams of the calls of operations that are added without. */
  constructor(whole: WholeCall = (call) => call) {
    this.#whole = whole
    this.#linter = new Linter(0, whole)
  }

  /** Number of operations added. */
  get size(): number {
    return this.#completed.size + this.#incomplete.size
  }

  /** Directories of host-local's store that configurations name. */
  get dataDirs(): string[] {
    return this.#ledger.dataDirs
  }

  get goneCount(): number {
    return this.#ledger.goneCount
  }

  /** Whether everything that was added for that interface of the container was deleted. */
  isGone(containerId: string, ifname: string | undefined): boolean {
    return this.#ledger.isGone(containerId, ifname)
  }

  /** `checks`: what `CallChecker` returned for an operation that is over and is added without its streams. */
  add(operation: Operation, nowMs: number, checks?: readonly CallCheck[]): void {
    const { id } = operation
    if (this.#completed.has(id)) return
    if (!isOperationOver(operation, nowMs)) {
      this.#incomplete.set(id, operation)
      return
    }
    this.#incomplete.delete(id)
    this.#completed.add(id)
    this.#ledger.add(operation, checks && ledgerFactsOf(operation, checks, this.#whole))
    for (const finding of this.#linter.check(operation, checks)) this.#findings.add(finding)
  }

  /** Forgets an operation whose records were pruned, as if it had been before the capture began; its findings stay. */
  forget(operation: Operation): void {
    this.#completed.delete(operation.id)
    this.#incomplete.delete(operation.id)
    this.#ledger.forgetGone(operation)
    this.#linter.forgetDeleted(operation)
  }

  /** By severity, worst first, then by count. */
  rules(nowMs: number): RuleFindings[] {
    this.#completeFinished(nowMs)
    const findings = this.#findings.copy()
    const linter = new Linter(nowMs)
    for (const operation of this.#incomplete.values())
      for (const finding of linter.check(operation)) findings.add(finding)
    return findingsByRule(findings.list())
  }

  /** The attachments that are not gone, oldest first. */
  attachments(nowMs: number): Attachment[] {
    this.#completeFinished(nowMs)
    const attachments = new Map(this.#ledger.attachments().map((attachment) => [keyOf(attachment), attachment]))
    const ledger = new Ledger()
    for (const operation of this.#incomplete.values()) ledger.add(operation)
    for (const fresh of ledger.attachments()) {
      const key = keyOf(fresh)
      const known = attachments.get(key)
      const { state, reason } = fresh
      attachments.set(key, known ? { ...known, state, reason } : fresh)
    }
    // Between the calls of two plugins a DEL looks ended: nothing counts as left behind until the operation is complete.
    const deleted = this.#deletedByIncomplete()
    return [...attachments.values()].flatMap((attachment): Attachment[] => {
      const reached = deleted.get(`${attachment.containerId}/${attachment.ifname}`)
      if (!reached || (attachment.state !== "up" && attachment.state !== "failed")) return [attachment]
      const isGone = attachment.holdings.every(({ plugin }) => reached.has(plugin))
      return isGone ? [] : [{ ...attachment, state: "stopping", reason: "DEL in flight" }]
    })
  }

  /** By container and ifname: the plugins whose DEL has succeeded so far. */
  #deletedByIncomplete(): Map<string, Set<string>> {
    const deleted = new Map<string, Set<string>>()
    for (const { command, containerId, ifname, calls } of this.#incomplete.values()) {
      if (command !== "DEL") continue
      const ended = walk(calls).filter(({ call }) => call.state === "ended" && !isFailed(call))
      deleted.set(`${containerId}/${ifname}`, new Set(ended.map(({ call }) => call.plugin)))
    }
    return deleted
  }

  #completeFinished(nowMs: number): void {
    for (const operation of this.#incomplete.values()) this.add(operation, nowMs)
  }
}

function ledgerFactsOf({ calls }: Operation, checks: readonly CallCheck[], whole: WholeCall): LedgerFacts {
  const known = new Map<Call, CallCheck | undefined>()
  for (const { call } of walk(calls)) known.set(call, checks[known.size])
  return {
    ips: (call) => known.get(call)?.ips ?? [],
    ipsBefore: (call) => LEDGER_FACTS_IN_STREAMS.ipsBefore(whole(call)),
    refusesVersion: (call) => known.get(call)?.digest.refusesVersion === true,
    dataDir: (call) => known.get(call)?.digest.dataDir,
  }
}

function keyOf({ node, network, containerId, ifname }: Attachment): string {
  return [node, network, containerId, ifname].join("\n")
}
