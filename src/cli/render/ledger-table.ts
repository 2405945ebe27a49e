import { hostname } from "node:os"
import type { Command } from "commander"
import { type Address, isSameAddress } from "../../cni/address.ts"
import { Fault } from "../../fault/fault.ts"
import { addressPrefilter } from "../../model/filter/prefilter.ts"
import { podName } from "../../model/format.ts"
import { Ledger } from "../../model/ledger/ledger.ts"
import { type LedgerRow, ledgerRows, type NodeState, reconcile } from "../../model/ledger/node-ledger.ts"
import { readNodeState } from "../../store/node/node-state.ts"
import { bookLedger, type DetailsOf } from "../../store/query/ledger.ts"
import { isChoosing, type Selection } from "../args/selection.ts"
import { age } from "../args/time.ts"
import type { Context } from "../context.ts"
import { attachmentOutput } from "../output/attachment-output.ts"
import type { Colour } from "./colour.ts"
import type { Table } from "./table.ts"

export function addRoot(command: Command): Command {
  return command.option("--root <directory>", "where this node's file system is mounted", "/")
}

/** `rows`: every attachment that the ledger still has; `isWanted`: containers that the selection's filter lets through. */
export type LedgerOutput = { rows: LedgerRow[]; operations: number; isWanted(row: LedgerRow): boolean }

/**
 * Reads the whole capture, because a DEL that is missing is told by its ADD, and compares it with this node's own
 * state where the capture is of this node. `address`: what is gone and held it is told too.
 */
export async function readLedger(
  context: Context,
  options: Record<string, unknown>,
  { capture, readErrors, range, filter, progress }: Selection,
  address?: Address,
): Promise<LedgerOutput> {
  const ledger = new Ledger(address && ((ips) => holds(ips, address)))
  const here = hostname()
  const { operations, nodes, wanted } = await bookLedger(ledger, capture, readErrors, {
    range,
    nowMs: context.nowMs(),
    progress,
    ...(address ? { detailsOf: detailsOf(address) } : {}),
    ...(isChoosing(options) ? { filter } : {}),
  })
  const isHere = nodes.has(here)
  const root = String(options.root ?? "/")
  const mayLook = capture.isLive && (isHere || root !== "/")
  const state = mayLook ? await readNode(context, root, here, ledger.dataDirs) : undefined
  return {
    rows: state ? reconcile(ledger, state) : ledgerRows(ledger.attachments()),
    operations,
    // What no call of the capture tells of has no pod or plugin that a filter could ask for.
    isWanted: ({ containerId }) => wanted === undefined || wanted.has(containerId),
  }
}

export function holds(ips: readonly string[], address: Address): boolean {
  return ips.some((ip) => isSameAddress(ip, address))
}

function detailsOf(address: Address): DetailsOf {
  const prefilter = addressPrefilter(address)
  return prefilter === undefined ? "all" : { prefilter }
}

/** Undefined where this node may not be looked at: the capture alone still tells something. */
async function readNode(
  context: Context,
  root: string,
  node: string,
  dataDirs: readonly string[],
): Promise<NodeState | undefined> {
  try {
    return await readNodeState(root, node, dataDirs)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    context.stderr.write(`cnitap: ${error.message}: not compared with this node; ${error.hint}\n`)
    return undefined
  }
}

/** States in which nothing was left behind. */
const WELL: Partial<Record<LedgerRow["state"], Colour>> = {
  up: "green",
  starting: "yellow",
  stopping: "yellow",
  gone: "dim",
}

/** Whether something was left behind or will be. */
export function isTrouble({ state }: LedgerRow): boolean {
  return WELL[state] === undefined
}

/** One line an attachment; `isWhole` shows operations and files to everybody. */
export function ledgerTable(nowMs: number, empty: string, isWhole = false): Table<LedgerRow, "Attachment"> {
  const whole = isWhole ? {} : { isWide: true as const }
  return {
    kind: "Attachment",
    value: attachmentOutput,
    name: ({ containerId, ifname }) => `attachment/${containerId}${ifname ? `/${ifname}` : ""}`,
    empty,
    columns: [
      { title: "STATE", text: ({ state }) => state, colour: ({ state }) => WELL[state] ?? "red" },
      { title: "AGE", alignRight: true, text: ({ add }) => (add ? age(add.wallMs, nowMs) : "") },
      { title: "NODE", isWide: true, text: ({ node }) => node ?? "" },
      { title: "POD", text: (row) => (row.pod ? podName(row) : "") },
      { title: "NETWORK", text: ({ network }) => network ?? "" },
      { title: "IFNAME", text: ({ ifname }) => ifname ?? "" },
      { title: "IPS", text: ({ ips }) => ips.join(",") },
      { title: "CONTAINER", text: ({ containerId }) => containerId.slice(0, 13), colour: () => "dim" },
      { title: "ADD", ...whole, text: ({ add }) => (add ? `${add.operation} ${add.outcome}` : "") },
      { title: "DEL", ...whole, text: delText },
      // Nothing else names a broken file.
      {
        title: "WHY",
        text: ({ state, files, reason }) => (state === "broken" ? `${files.join(",")}: ${reason}` : reason),
      },
      { title: "NETNS", isWide: true, text: ({ netns, netnsState }) => [netns, netnsState].filter(Boolean).join(" ") },
      { title: "FILES", ...whole, text: ({ files }) => files.join(",") },
    ],
  }
}

function delText({ dels, delCount }: LedgerRow): string {
  const listed = dels.map(({ operation, outcome }) => `${operation} ${outcome}`)
  return [...listed, ...(delCount > dels.length ? [`and ${delCount - dels.length} more`] : [])].join(", ")
}
