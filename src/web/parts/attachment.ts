import type { LedgerRow } from "../../model/ledger/node-ledger.ts"

type State = LedgerRow["state"]

/** The mark that tells a state, in the shapes of outcomes. */
export const ATTACHMENT_OUTCOMES = {
  up: "ok",
  starting: "running",
  stopping: "running",
  gone: "gone",
  failed: "failed",
  stuck: "failed",
  leaked: "killed",
  orphan: "killed",
  broken: "killed",
} as const satisfies Record<State, string>

export const ATTACHMENT_WORDS: Record<State, string> = {
  up: "has its network",
  starting: "being added",
  stopping: "being deleted",
  gone: "torn down",
  failed: "adding it failed",
  stuck: "deleting it failed",
  leaked: "left behind",
  orphan: "nobody's",
  broken: "its cache is broken",
}

const ORDER: readonly State[] = ["leaked", "stuck", "broken", "orphan", "failed", "stopping", "starting", "up", "gone"]

/** Whether something was left behind or will be. */
export function isTrouble({ state }: LedgerRow): boolean {
  return ORDER.indexOf(state) < ORDER.indexOf("stopping")
}

/** Troubles first, of each state the newest first. */
export function troublesFirst(rows: readonly LedgerRow[]): LedgerRow[] {
  return rows.toSorted(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (b.add?.wallMs ?? 0) - (a.add?.wallMs ?? 0),
  )
}

/** Names an attachment in a link; files that no call tells of are told apart by their path. */
export function keyOf({ containerId, ifname, network, files }: LedgerRow): string {
  return [containerId || files[0] || "", ifname ?? "", network ?? ""].join("/")
}
