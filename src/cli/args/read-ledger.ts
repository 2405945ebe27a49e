import { hostname } from "node:os"
import { type Address, isSameAddress } from "../../cni/address.ts"
import { Fault } from "../../fault/fault.ts"
import { Ledger } from "../../model/ledger/ledger.ts"
import { conclude } from "../../model/ledger/left-behind.ts"
import type { LedgerRow, NodeState } from "../../model/ledger/node-ledger.ts"
import type { Capture } from "../../store/capture/capture.ts"
import { readNodeState } from "../../store/node/node-state.ts"
import { bookLedger, bookOwners } from "../../store/query/ledger.ts"
import type { Context } from "../context.ts"
import { isChoosing, type Selection } from "./selection.ts"

/** `rows`: every attachment that is still in the ledger; `isWanted`: whether its container matches the selection. */
export type LedgerInput = { rows: LedgerRow[]; operations: number; isWanted(row: LedgerRow): boolean }

/**
 * Reads the whole capture, because only its ADD shows that a DEL is missing, and compares it with the state of this node
 * if the capture is of this node.
 */
export async function readLedger(
  context: Context,
  options: Record<string, unknown>,
  { capture, readErrors, range, filter, progress }: Selection,
): Promise<LedgerInput> {
  const ledger = new Ledger()
  const { operations, nodes, wanted } = await bookLedger(ledger, capture, readErrors, {
    range,
    nowMs: context.nowMs(),
    progress,
    ...(isChoosing(options) ? { filter } : {}),
  })
  const state = await nodeStateOf(context, options, { capture, nodes, dataDirs: ledger.dataDirs })
  return {
    rows: conclude(ledger, state),
    operations,
    // A row without a recorded call has no pod or plugin that a filter could test.
    isWanted: ({ containerId }) => wanted === undefined || wanted.has(containerId),
  }
}

/** The attachments that hold the address or held it: only their containers are read. */
export async function readOwners(
  context: Context,
  options: Record<string, unknown>,
  { capture, readErrors, progress }: Selection,
  address: Address,
): Promise<Pick<LedgerInput, "rows" | "operations">> {
  const ledger = new Ledger((ips) => holds(ips, address))
  let state: NodeState | undefined
  const { operations } = await bookOwners(ledger, capture, readErrors, {
    address,
    progress,
    async alsoOf({ nodes, dataDirs }) {
      state = await nodeStateOf(context, options, { capture, nodes, dataDirs })
      return state ? containersHolding(state, address) : []
    },
  })
  return { rows: conclude(ledger, state).filter(({ ips }) => holds(ips, address)), operations }
}

/** Containers that hold the address in the stores of the node. */
function containersHolding({ reservations, cached }: NodeState, address: Address): string[] {
  return [
    ...reservations.filter(({ ip }) => isSameAddress(ip, address)),
    ...cached.filter(({ ips }) => holds(ips, address)),
  ].flatMap(({ containerId }) => containerId ?? [])
}

function holds(ips: readonly string[], address: Address): boolean {
  return ips.some((ip) => isSameAddress(ip, address))
}

/**
 * The state of this node, if the capture is of it. `nodes`: names of the nodes that recorded; `dataDirs`: stores of
 * host-local that configurations name. Undefined if it cannot be read: the capture alone is still useful.
 */
export async function nodeStateOf(
  context: Context,
  options: Record<string, unknown>,
  { capture, nodes, dataDirs }: { capture: Capture; nodes: ReadonlySet<string>; dataDirs: readonly string[] },
): Promise<NodeState | undefined> {
  const here = hostname()
  const root = String(options.root ?? "/")
  if (!capture.isLive || (!nodes.has(here) && root === "/")) return undefined
  return readNode(context, root, here, dataDirs)
}

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
    context.stderr.write(`cnitap: ${error.message}; the capture is not compared with this node. ${error.hint}\n`)
    return undefined
  }
}
