import { isFailed } from "./call.ts"
import type { Attachment } from "./ledger/attachment.ts"
import { Ledger } from "./ledger/ledger.ts"
import { FindingsByRule, type RuleFindings } from "./lint/findings-by-rule.ts"
import { Linter } from "./lint/linter.ts"
import { isOperationOver, type Operation, walk } from "./operation.ts"

/**
 * Findings and ledger of operations that come in the order they began, and may come again with more calls as long as
 * they are not over: until then they are judged anew each time, and booked after that. Times are milliseconds since
 * 1970.
 */
export class Review {
  readonly #linter = new Linter(0)
  readonly #ledger = new Ledger()
  readonly #findings = new FindingsByRule()
  readonly #growing = new Map<string, Operation>()
  readonly #booked = new Set<string>()

  /** How many operations it has looked at. */
  get size(): number {
    return this.#booked.size + this.#growing.size
  }

  /** Where host-local keeps its store, as configurations say it. */
  get dataDirs(): string[] {
    return this.#ledger.dataDirs
  }

  get goneCount(): number {
    return this.#ledger.goneCount
  }

  /** Whether everything that was added under that name in the container was deleted. */
  isGone(containerId: string, ifname: string | undefined): boolean {
    return this.#ledger.isGone(containerId, ifname)
  }

  add(operation: Operation, nowMs: number): void {
    const { id } = operation
    if (this.#booked.has(id)) return
    if (!isOperationOver(operation, nowMs)) {
      this.#growing.set(id, operation)
      return
    }
    this.#growing.delete(id)
    this.#booked.add(id)
    this.#ledger.add(operation)
    for (const finding of this.#linter.check(operation)) this.#findings.add(finding)
  }

  /** The worst severity first, of one severity the most frequent. */
  rules(nowMs: number): RuleFindings[] {
    this.#bookWhatIsOver(nowMs)
    const findings = this.#findings.copy()
    const linter = new Linter(nowMs)
    for (const operation of this.#growing.values()) for (const finding of linter.check(operation)) findings.add(finding)
    return findings.list()
  }

  /** Those that are not gone, the oldest first. */
  attachments(nowMs: number): Attachment[] {
    this.#bookWhatIsOver(nowMs)
    const attachments = new Map(this.#ledger.attachments().map((attachment) => [keyOf(attachment), attachment]))
    const ledger = new Ledger()
    for (const operation of this.#growing.values()) ledger.add(operation)
    for (const fresh of ledger.attachments()) {
      const key = keyOf(fresh)
      const known = attachments.get(key)
      const { state, reason } = fresh
      attachments.set(key, known ? { ...known, state, reason } : fresh)
    }
    // Between two plugins a DEL looks as if it had ended: nothing is said to be left behind until it is over.
    const deleted = this.#deletedByGrowing()
    return [...attachments.values()].flatMap((attachment): Attachment[] => {
      const reached = deleted.get(`${attachment.containerId}/${attachment.ifname}`)
      if (!reached || (attachment.state !== "up" && attachment.state !== "failed")) return [attachment]
      const isGone = attachment.holdings.every(({ plugin }) => reached.has(plugin))
      return isGone ? [] : [{ ...attachment, state: "stopping", reason: "DEL in flight" }]
    })
  }

  /** By container and ifname: the plugins that have deleted so far. */
  #deletedByGrowing(): Map<string, Set<string>> {
    const deleted = new Map<string, Set<string>>()
    for (const { command, containerId, ifname, calls } of this.#growing.values()) {
      if (command !== "DEL") continue
      const ended = [...walk(calls)].filter(({ call }) => call.state === "ended" && !isFailed(call))
      deleted.set(`${containerId}/${ifname}`, new Set(ended.map(({ call }) => call.plugin)))
    }
    return deleted
  }

  #bookWhatIsOver(nowMs: number): void {
    for (const operation of this.#growing.values()) this.add(operation, nowMs)
  }
}

function keyOf({ node, network, containerId, ifname }: Attachment): string {
  return [node, network, containerId, ifname].join("\n")
}
