import { podKey } from "../call.ts"
import { maskAnywhere } from "../compare/volatile.ts"
import { podName } from "../format.ts"
import type { Finding, Severity } from "./finding.ts"

/** Findings that differ only in the pod, its addresses and its IDs: the newest of them, and how many there are. */
export type FindingGroup = Finding & {
  count: number
  /** when the call of the first one began; `wallMs` is that of the newest; milliseconds since 1970 */
  firstMs: number
  /** IDs of the newest calls, newest first; at most 10 */
  calls: string[]
  /** number of pods, counted up to 1000 */
  podCount: number
}

const MAX_CALLS = 10
const MAX_PODS = 1000
/** A detail may have a part that differs each time and is not masked. */
const MAX_GROUPS_PER_RULE = 200

const SEVERITIES = ["error", "warning", "note"] as const

type GroupWithPods = { finding: FindingGroup; pods: Set<string> }

/** Groups findings, added in any order. Memory holds some findings of each rule. */
export class FindingGroups {
  readonly #groups = new Map<string, GroupWithPods>()
  readonly #sizes = new Map<string, number>()

  /** Returns the group, with this finding as its newest unless it has a newer one. */
  add(finding: Finding): FindingGroup {
    const { rule, evidence, wallMs } = finding
    const size = this.#sizes.get(rule) ?? 0
    const whole = signature(finding)
    const key = this.#groups.has(whole) || size < MAX_GROUPS_PER_RULE ? whole : signature({ ...finding, detail: "" })
    const known = this.#groups.get(key)
    if (!known) this.#sizes.set(rule, size + 1)
    const pods = known?.pods ?? new Set()
    if (pods.size < MAX_PODS) pods.add(podName(finding))
    const isNewest = !known || wallMs >= known.finding.wallMs
    const calls = known?.finding.calls ?? []
    const group: FindingGroup = {
      ...(isNewest ? finding : known.finding),
      count: (known?.finding.count ?? 0) + 1,
      firstMs: Math.min(wallMs, known?.finding.firstMs ?? wallMs),
      calls: [...new Set(isNewest ? [evidence.call, ...calls] : [...calls, evidence.call])].slice(0, MAX_CALLS),
      podCount: pods.size,
    }
    this.#groups.set(key, { finding: group, pods })
    return group
  }

  /** An independent copy, to which further findings can be added. */
  copy(): FindingGroups {
    const copy = new FindingGroups()
    for (const [key, { finding, pods }] of this.#groups) copy.#groups.set(key, { finding, pods: new Set(pods) })
    for (const [rule, size] of this.#sizes) copy.#sizes.set(rule, size)
    return copy
  }

  /** By severity, worst first, then by count, then in the order in which they were found. */
  list(): FindingGroup[] {
    return [...this.#groups.values()]
      .map(({ finding }) => finding)
      .sort((a, b) => bySeverity(a, b) || b.count - a.count)
  }
}

/** Worst first. */
export function bySeverity(a: { severity: Severity }, b: { severity: Severity }): number {
  return SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)
}

/** The same for findings that differ only in their pod. */
function signature({ rule, plugin, command, node, detail, pod, containerId }: Finding): string {
  let masked = detail
  for (const own of [containerId, pod?.uid, pod && podKey(pod), pod?.name])
    if (own !== undefined && own.length > 2) masked = masked.replaceAll(own, "<pod>")
  masked = maskAnywhere(masked).replace(AMOUNT, "<n>")
  return [rule, plugin, command, node ?? "", masked].join("\n")
}

/** Sizes differ from call to call; a code or an index is part of what is wrong. */
const AMOUNT = /\b\d+(?= (?:bytes|characters)\b)/g
