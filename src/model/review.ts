import { isFailed } from "./call.ts"
import type { Finding } from "./finding/finding.ts"
import { Linter } from "./finding/linter.ts"
import { type Attachment, Ledger } from "./ledger.ts"
import { isOperationOver, type Operation, walk } from "./operation.ts"

/** The findings of one rule: how many there are, and the last of them. */
export type RuleFindings = Pick<Finding, "rule" | "severity" | "title" | "source" | "remedy"> & {
  count: number
  /** those that had such a finding, by name */
  plugins: string[]
  /** newest first */
  latest: Finding[]
}

/** A rule that every call breaks has a hundred thousand findings, and nobody reads beyond these. */
const LATEST = 60

const SEVERITIES = ["error", "warning", "note"] as const

/**
 * Findings and ledger of operations that come in the order they began, and may come again with more calls as long as
 * they are not over: until then they are judged anew each time, and booked after that. Times are milliseconds since
 * 1970.
 */
export class Review {
  readonly #linter = new Linter(0)
  readonly #ledger = new Ledger()
  readonly #rules = new Map<string, RuleFindings>()
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
    for (const finding of this.#linter.check(operation)) count(this.#rules, finding)
  }

  /** The worst severity first, of one severity the most frequent. */
  rules(nowMs: number): RuleFindings[] {
    this.#bookWhatIsOver(nowMs)
    const rules = new Map([...this.#rules].map(([id, rule]) => [id, { ...rule, latest: [...rule.latest] }]))
    const linter = new Linter(nowMs)
    for (const operation of this.#growing.values()) {
      for (const finding of linter.check(operation)) count(rules, finding)
    }
    return [...rules.values()].sort(
      (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.count - a.count,
    )
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
      const { state, why } = fresh
      attachments.set(key, known ? { ...known, state, why } : fresh)
    }
    // Between two plugins a DEL looks as if it had ended: nothing is said to be left behind until it is over.
    const deleted = this.#deletedByGrowing()
    return [...attachments.values()].flatMap((attachment): Attachment[] => {
      const reached = deleted.get(`${attachment.containerId}/${attachment.ifname}`)
      if (!reached || (attachment.state !== "up" && attachment.state !== "failed")) return [attachment]
      const isGone = attachment.holdings.every(({ plugin }) => reached.has(plugin))
      return isGone ? [] : [{ ...attachment, state: "stopping", why: "DEL in flight" }]
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

function count(rules: Map<string, RuleFindings>, finding: Finding): void {
  const { rule: id, severity, title, source, remedy, plugin } = finding
  const rule = rules.get(id) ?? { rule: id, severity, title, source, remedy, count: 0, plugins: [], latest: [] }
  rules.set(id, rule)
  rule.count++
  if (!rule.plugins.includes(plugin)) rule.plugins = [...rule.plugins, plugin].sort()
  rule.latest.unshift(finding)
  if (rule.latest.length > LATEST) rule.latest.pop()
}

function keyOf({ node, network, containerId, ifname }: Attachment): string {
  return [node, network, containerId, ifname].join("\n")
}
