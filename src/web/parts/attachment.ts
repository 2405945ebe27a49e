import type { LedgerRow } from "../../model/ledger/node-ledger.ts"

type LedgerState = LedgerRow["state"]

/** The outcome whose mark stands for a state. */
export const ATTACHMENT_OUTCOMES = {
  up: "ok",
  starting: "running",
  stopping: "running",
  gone: "gone",
  failed: "failed",
  stuck: "failed",
  leaked: "killed",
  unknown: "unknown",
  orphan: "killed",
  broken: "killed",
} as const satisfies Record<LedgerState, string>

export const ATTACHMENT_WORDS: Record<LedgerState, string> = {
  up: "attached",
  starting: "being added",
  stopping: "being deleted",
  gone: "deleted",
  failed: "ADD failed",
  stuck: "DEL failed or incomplete",
  leaked: "leaked",
  unknown: "leaked or not recorded",
  orphan: "no owner",
  broken: "unreadable cache file",
}

const ORDER: readonly LedgerState[] = [
  "leaked",
  "stuck",
  "unknown",
  "broken",
  "orphan",
  "failed",
  "stopping",
  "starting",
  "up",
  "gone",
]

/** Whether something was left behind or needs attention. */
export function isProblem({ state }: LedgerRow): boolean {
  return ORDER.indexOf(state) < ORDER.indexOf("stopping")
}

/** By state, problems first, then newest first. */
export function problemsFirst(rows: readonly LedgerRow[]): LedgerRow[] {
  return rows.toSorted(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (b.add?.wallMs ?? 0) - (a.add?.wallMs ?? 0),
  )
}

/** Identifies an attachment in a link; rows without a container are identified by their first file. */
export function keyOf({ containerId, ifname, network, files }: LedgerRow): string {
  return [containerId || files[0] || "", ifname ?? "", network ?? ""].join("/")
}
