import { bySeverity, type FindingGroup } from "./finding-groups.ts"

/** The findings of one rule. */
export type RuleFindings = Pick<FindingGroup, "rule" | "severity" | "title" | "source" | "remedy"> & {
  count: number
  /** plugins with such a finding, sorted by name */
  plugins: string[]
  /** newest first */
  groups: FindingGroup[]
}

/** Groups of findings by rule: worst first, then the most frequent, then the one that was found first. */
export function findingsByRule(groups: readonly FindingGroup[]): RuleFindings[] {
  const rules = new Map<string, FindingGroup[]>()
  for (const group of groups) {
    const own = rules.get(group.rule)
    if (own) own.push(group)
    else rules.set(group.rule, [group])
  }
  const found = [...rules.values()].flatMap((own) => {
    const newest = [...own].sort((a, b) => b.wallMs - a.wallMs)
    const [first] = newest
    if (!first) return []
    const { rule, severity, title, source, remedy } = first
    const count = own.reduce((sum, group) => sum + group.count, 0)
    const plugins = [...new Set(own.map(({ plugin }) => plugin))].sort()
    return [{ rule, severity, title, source, remedy, count, plugins, groups: newest }]
  })
  return found.sort((a, b) => bySeverity(a, b) || b.count - a.count)
}
