import type { Attachment } from "./attachment.ts"
import { type LedgerRow, type LedgerView, ledgerRows, type NodeState, reconcile } from "./node-ledger.ts"

/**
 * What became of every attachment: the one conclusion that `ledger`, `who-owns`, `explain`, `doctor` and the page show.
 * `node`: what the node's own stores say; undefined if they cannot be read, such as for the capture of another node.
 */
export function conclude(ledger: LedgerView, node: NodeState | undefined): LedgerRow[] {
  return node ? reconcile(ledger, node) : ledgerRows(ledger.attachments())
}

/** Whether something of the attachment was left behind, or may have been. */
export function isLeftBehind({ state }: Pick<LedgerRow, "state">): boolean {
  return state !== "up" && state !== "starting" && state !== "stopping" && state !== "gone"
}

/** `10.1.2.3 held by bridge, host-local: DEL failed in portmap; never reached bridge, host-local` */
export function leftBehindText(row: Pick<LedgerRow, "ips" | "holdings" | "reason">): string {
  return [heldText(row), row.reason].filter(Boolean).join(": ")
}

/** `10.1.2.3 held by bridge, portmap`; the address may be unknown. */
export function heldText({ ips, holdings }: Pick<Attachment, "ips" | "holdings">): string {
  const plugins = holdings.map(({ plugin }) => plugin).join(", ")
  return [ips.join(", "), plugins && `held by ${plugins}`].filter(Boolean).join(" ")
}
