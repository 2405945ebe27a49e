import type { Severity } from "../model/lint/finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"

/**
 * A problem of a node. `error`: pods get no network or cannot be deleted. `warning`: that may happen soon, or after a
 * restart, an upgrade or under load. `note`: useful to know if something else is wrong.
 */
export type NodeFinding = {
  /** stable identifier */
  rule: string
  severity: Severity
  /** what is wrong, the same for every finding of the rule */
  title: string
  /** what is wrong in this case; readable without the title */
  detail: string
  /** paths on the node that show it, some followed by `:<line>` or `, <key>` */
  evidence: string[]
  /** what to do: a command, or an edit of a file */
  remedy: string
}

export type NodeRule = {
  id: string
  severity: Severity
  title: string
  check(node: NodeSnapshot): NodeHit[]
}

/** One result of a rule; `severity` overrides the rule's own. */
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
