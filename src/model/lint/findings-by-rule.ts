import type { Finding } from "./finding.ts"

/** The findings of one rule: their count and the newest of them. */
export type RuleFindings = Pick<Finding, "rule" | "severity" | "title" | "source" | "remedy"> & {
  count: number
  /** plugins with such a finding, sorted by name */
  plugins: string[]
  /** id of the call of the first finding */
  firstCall: string
  /** newest first */
  latest: Finding[]
}

/** A rule that every call violates has a hundred thousand findings; nobody reads more than these. */
const MAX_LATEST = 60

const SEVERITIES = ["error", "warning", "note"] as const

/** Groups findings by rule; they must be added in the order of their operations. */
export class FindingsByRule {
  readonly #rules = new Map<string, RuleFindings>()

  /** Returns the count of its rule, including this finding. */
  add(finding: Finding): number {
    const { rule: id, plugin } = finding
    const rule = this.#rules.get(id) ?? emptyRule(finding)
    this.#rules.set(id, rule)
    if (!rule.plugins.includes(plugin)) rule.plugins = [...rule.plugins, plugin].sort()
    rule.latest.unshift(finding)
    if (rule.latest.length > MAX_LATEST) rule.latest.pop()
    return ++rule.count
  }

  /** An independent copy, to which further findings can be added. */
  copy(): FindingsByRule {
    const copy = new FindingsByRule()
    for (const [id, rule] of this.#rules) copy.#rules.set(id, { ...rule, latest: [...rule.latest] })
    return copy
  }

  /** By severity, worst first, then by count. */
  list(): RuleFindings[] {
    return [...this.#rules.values()].sort(
      (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.count - a.count,
    )
  }
}

function emptyRule({ rule, severity, title, source, remedy, evidence }: Finding): RuleFindings {
  return { rule, severity, title, source, remedy, count: 0, plugins: [], firstCall: evidence.call, latest: [] }
}
