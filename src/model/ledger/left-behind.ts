import { parseAddress } from "../../cni/address.ts"
import { podName } from "../format.ts"
import { shellWord } from "../shell-word.ts"
import type { Attachment } from "./attachment.ts"
import {
  type LedgerRow,
  type LedgerView,
  ledgerRows,
  type NodeState,
  reconcile,
  unreleasedReason,
} from "./node-ledger.ts"

/**
 * What became of every attachment: the one conclusion that `ledger`, `who-owns`, `explain`, `doctor` and the page show.
 * `node`: what the node's own stores say; undefined if they cannot be read, such as for the capture of another node.
 */
export function conclude(ledger: LedgerView, node: NodeState | undefined): LedgerRow[] {
  const rows = node ? reconcile(ledger, node) : ledgerRows(ledger.attachments())
  const holders = holdersOf(rows)
  return rows.map((row) => {
    const release = releaseCommand(row)
    const warning = row.warning ?? sharedText(row, holders)
    return { ...row, ...(warning ? { warning } : {}), ...(release ? { release } : {}) }
  })
}

/** Whether something of the attachment was left behind, or may have been. */
export function isLeftBehind({ state }: Pick<LedgerRow, "state">): boolean {
  return state !== "gone" && !isInUse({ state })
}

function isInUse({ state }: Pick<LedgerRow, "state">): boolean {
  return state === "up" || state === "starting" || state === "stopping"
}

/** `10.1.2.3 held by bridge, host-local: DEL failed in portmap; never reached bridge, host-local` */
export function leftBehindText(row: Pick<LedgerRow, "state" | "ips" | "holdings" | "reason">): string {
  return `${heldText(row) || "whatever its plugins created"}: ${unreleasedReason(row)}`
}

/** `10.1.2.3 held by bridge, portmap`, or `whatever bridge, portmap created` if no address is known. */
export function heldText({ ips, holdings }: Pick<Attachment, "ips" | "holdings">): string {
  const plugins = holdings.map(({ plugin }) => plugin).join(", ")
  if (plugins === "") return ips.join(", ")
  return ips.length > 0 ? `${ips.join(", ")} held by ${plugins}` : `whatever ${plugins} created`
}

/**
 * The shell command that releases what a row says was left behind: removing the files that hold it or, if none does,
 * repeating the last DEL. Undefined if no command is known, or if the pod may still need it.
 */
export function releaseCommand({
  state,
  files,
  dels,
}: Pick<LedgerRow, "state" | "files" | "dels">): string | undefined {
  if (files.length > 0 && (state === "leaked" || state === "orphan" || state === "broken")) return removeCommand(files)
  const last = dels.at(-1)
  return last && isLeftBehind({ state }) ? `cnitap export repro ${last.operation} | sh` : undefined
}

export function removeCommand(files: readonly string[]): string {
  return `rm ${files.map(shellWord).join(" ")}`
}

/** The number of other holders of an address that are named. */
const MOST_NAMED = 3

/** The first holders of each address, one row per container: enough to name the others of any of them. */
function holdersOf(rows: readonly LedgerRow[]): Map<string, LedgerRow[]> {
  const holders = new Map<string, LedgerRow[]>()
  for (const row of rows.filter(isInUse))
    for (const ip of row.ips) {
      const key = holderKey(row, ip)
      const first = holders.get(key) ?? []
      holders.set(key, first)
      const isKnown = first.some(({ containerId }) => containerId === row.containerId)
      if (!isKnown && first.length < MOST_NAMED + 2) first.push(row)
    }
  return holders
}

function holderKey({ node }: LedgerRow, ip: string): string {
  const address = parseAddress(ip)
  return [node, address?.bits, address?.value ?? ip].join("\n")
}

/**
 * `10.91.0.2 is also held by build/b3 (network crio)`: two networks or two runtimes assign the same addresses. A container
 * may hold an address several times, as the delegate of a plugin does.
 * If there are more than three others, three are named.
 */
function sharedText(row: LedgerRow, holders: ReadonlyMap<string, readonly LedgerRow[]>): string | undefined {
  if (!isInUse(row)) return undefined
  for (const ip of row.ips) {
    const others = holders.get(holderKey(row, ip))?.filter(({ containerId }) => containerId !== row.containerId) ?? []
    const names = others.map((other) =>
      other.network && other.network !== row.network ? `${podName(other)} (network ${other.network})` : podName(other),
    )
    const different = [...new Set(names)]
    const named = [...different.slice(0, MOST_NAMED), ...(different.length > MOST_NAMED ? ["others"] : [])]
    if (named.length > 0) return `${ip} is also held by ${named.join(", ")}`
  }
  return undefined
}
