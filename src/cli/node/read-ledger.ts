import { hostname } from "node:os"
import { type Address, isSameAddress } from "../../cni/address.ts"
import { Fault } from "../../fault/fault.ts"
import { NodeFiles } from "../../install/detect/node-files.ts"
import { nodePathsOf } from "../../install/detect/node-paths.ts"
import { runProgram } from "../../install/disk/run-program.ts"
import { Ledger } from "../../model/ledger/ledger.ts"
import { conclude } from "../../model/ledger/left-behind.ts"
import type { LedgerRow, NodeState } from "../../model/ledger/node-ledger.ts"
import { unrecordedPeriods } from "../../model/ledger/unrecorded.ts"
import type { Capture } from "../../store/capture/capture.ts"
import { readNodeState } from "../../store/node/node-state.ts"
import { bookLedger, bookOwners, type CaptureFacts } from "../../store/query/ledger.ts"
import { isChoosing, type Selection } from "../args/selection.ts"
import type { Context } from "../context.ts"
import { installPeriod } from "./known-installs.ts"
import { isThisNode, rootOf } from "./this-node.ts"

/** `rows`: every attachment that is still in the ledger; `isWanted`: whether its container matches the selection. */
export type LedgerInput = { rows: LedgerRow[]; operations: number; isWanted(row: LedgerRow): boolean }

/**
 * Reads the whole capture, because only its ADD shows that a DEL is missing, and compares it with the state of this node
 * if the capture is of this node.
 */
export async function readLedger(
  context: Context,
  options: Record<string, unknown>,
  { capture, readErrors, range, filter, progress, currentLists }: Selection,
): Promise<LedgerInput> {
  const ledger = new Ledger()
  const { operations, wanted, ...facts } = await bookLedger(ledger, capture, readErrors, {
    range,
    nowMs: context.nowMs(),
    progress,
    currentLists,
    ...(isChoosing(options) ? { filter } : {}),
  })
  const state = await nodeStateOf(context, options, capture, facts)
  return {
    rows: conclude(ledger, state).filter((row) => row.state !== "gone"),
    operations,
    // A row without a recorded call has no pod or plugin that a filter could test.
    isWanted: ({ containerId }) => wanted === undefined || wanted.has(containerId),
  }
}

/** The attachments that hold the address or held it: only their containers are read. */
export async function readOwners(
  context: Context,
  options: Record<string, unknown>,
  { capture, readErrors, progress, currentLists }: Selection,
  address: Address,
): Promise<Pick<LedgerInput, "rows" | "operations">> {
  const ledger = new Ledger((ips) => holds(ips, address))
  let state: NodeState | undefined
  const { operations } = await bookOwners(ledger, capture, readErrors, {
    address,
    progress,
    currentLists,
    async alsoOf(facts) {
      state = await nodeStateOf(context, options, capture, facts)
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

/** The state of this node, if the capture is of it. Undefined if it cannot be read: the capture alone is still useful. */
export async function nodeStateOf(
  context: Context,
  options: Record<string, unknown>,
  capture: Capture,
  facts: CaptureFacts,
): Promise<NodeState | undefined> {
  const root = rootOf(options)
  if (!capture.isLive || !isThisNode(root, facts.nodes)) return undefined
  try {
    return await readState(root, capture.path, facts, context.nowMs())
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    context.stderr.write(`cnitap: ${error.message}; the capture is not compared with this node. ${error.hint}\n`)
    return undefined
  }
}

/** Throws a Fault if permission is denied. */
export async function readState(
  root: string,
  capture: string,
  { nodes, dataDirs, recorded }: CaptureFacts,
  nowMs: number,
): Promise<NodeState> {
  const files = new NodeFiles(root, runProgram)
  const unrecorded = unrecordedPeriods(recorded, await installPeriod(capture, root), nowMs)
  return readNodeState(nodePathsOf(files), nodeName(files, nodes), dataDirs, unrecorded)
}

/** The node's name in records. In a container, the host name is the container's. */
function nodeName(files: NodeFiles, nodes: ReadonlySet<string>): string {
  const [only] = nodes
  if (files.root === "/") return hostname()
  return (nodes.size === 1 ? only : files.text("/etc/hostname")?.trim()) ?? hostname()
}
