import type { Severity } from "../model/lint/finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"

/**
 * Something wrong with a node. `error`: pods get no network, or cannot be taken down. `warning`: they soon may not, or
 * with another runtime, restart or load. `note`: worth knowing when something else is wrong.
 */
export type NodeFinding = {
  /** stable: programs and people refer to it */
  rule: string
  severity: Severity
  /** what is wrong, true of every finding of the rule */
  title: string
  /** of this one, in words that need no title */
  detail: string
  /** paths of the node that show it, some with `:<line>` or `, <key>` behind */
  evidence: string[]
  /** a command, or the edit of a file */
  remedy: string
}

export type NodeRule = {
  id: string
  severity: Severity
  title: string
  check(patient: NodeSnapshot): NodeHit[]
}

/** What a rule says of a node; `severity` where this time it is another than the rule's. */
export type NodeHit = { detail: string; evidence: string[]; remedy: string; severity?: Severity }

export function toNodeFinding({ id, severity, title }: NodeRule, hit: NodeHit): NodeFinding {
  return {
    rule: id,
    severity: hit.severity ?? severity,
    title,
    detail: hit.detail,
    evidence: hit.evidence,
    remedy: hit.remedy,
  }
}
