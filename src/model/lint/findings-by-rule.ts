import type { Finding } from "./finding.ts"

/** The findings of one rule: how many there are, and the last of them. */
export type RuleFindings = Pick<Finding, "rule" | "severity" | "title" | "source" | "remedy"> & {
  count: number
  /** those that had such a finding, by name */
  plugins: string[]
  /** id of the call of the first */
  firstCall: string
  /** newest first */
  latest: Finding[]
}

/** A rule that every call breaks has a hundred thousand findings, and nobody reads beyond these. */
const LATEST = 60

const SEVERITIES = ["error", "warning", "note"] as const

/** Adds up findings, which come in the order of their operations. */
export class FindingsByRule {
  readonly #rules = new Map<string, RuleFindings>()

  /** Returns how many of its rule there are with it. */
  add(finding: Finding): number {
    const { rule: id, plugin } = finding
    const rule = this.#rules.get(id) ?? without(finding)
    this.#rules.set(id, rule)
    if (!rule.plugins.includes(plugin)) rule.plugins = [...rule.plugins, plugin].sort()
    rule.latest.unshift(finding)
    if (rule.latest.length > LATEST) rule.latest.pop()
    return ++rule.count
  }

  /** The same findings, to which others can be added apart. */
  copy(): FindingsByRule {
    const copy = new FindingsByRule()
    for (const [id, rule] of this.#rules) copy.#rules.set(id, { ...rule, latest: [...rule.latest] })
    return copy
  }

  /** The worst severity first, of one severity the most frequent. */
  list(): RuleFindings[] {
    return [...this.#rules.values()].sort(
      (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.count - a.count,
    )
  }
}

function without({ rule, severity, title, source, remedy, evidence }: Finding): RuleFindings {
  return { rule, severity, title, source, remedy, count: 0, plugins: [], firstCall: evidence.call, latest: [] }
}
