import type { LossRecord } from "../../capture/record.ts"
import type { ReadErrorCount } from "../capture/read-errors.ts"
import type { EndHeader } from "../scan/read-header.ts"
import type { ListVariant } from "./called-lists.ts"
import type { ClockEpoch } from "./clock-order.ts"
import { type Columns, readColumns, type Shape, sizeOf } from "./columns.ts"

/** A part of a segment: the lines that start in it. */
export type ByteRange = { fromByte: number; toByte: number }

/** An end line whose begin line is not in the same block. `offset` is from the start of the segment. */
export type Orphan = { header: EndHeader; offset: number }

/** The last progress record of a call without an end in the block. `offset` is from the start of the segment. */
export type ProgressLocation = { id: string; monoMs: number; offset: number }

/** What is known of a block beside its columns; the index stores it as JSON. */
export type BlockHeader = ByteRange & {
  shape: Shape
  orphans: Orphan[]
  progress: ProgressLocation[]
  readErrors: ReadErrorCount[]
  losses: LossRecord[]
  clockEpochs: ClockEpoch[]
  /** host-local's data directories in the configurations of the block */
  dataDirs: string[]
  /** operations (by number) that belong to several families, and the families and owners beyond the first */
  mixed: [operation: number, families: number[], owners: number[]][]
  /** operations with a call without an end in the block, or with a call whose parent is not in it */
  open: number[]
  /** the calls without an end in the block, and their operations */
  openCalls: { id: string; operation: number }[]
  /** how operations called the plugins of their networks, if no call failed */
  lists: ListVariant[]
  /** owners of the calls whose parent is not in the block, and the parent */
  dangling: { owner: number; parent: string }[]
}

/** `incomplete`: by operation, the plugin at which the runtime stopped without a call; empty if it is not known. */
export type Block = { header: BlockHeader; columns: Columns; incomplete?: ReadonlyMap<number, string> }

/** Small enough to be held in memory, large enough that few operations span two of them. */
const BLOCK_BYTES = 16 * 1024 * 1024

export function blockRanges(sizeBytes: number): ByteRange[] {
  const ranges: ByteRange[] = []
  for (let fromByte = 0; fromByte < sizeBytes; fromByte += BLOCK_BYTES)
    ranges.push({ fromByte, toByte: Math.min(sizeBytes, fromByte + BLOCK_BYTES) })
  return ranges
}

/** The number of the block in which a line starts. */
export function blockNumber(offset: number): number {
  return Math.floor(offset / BLOCK_BYTES)
}

/** Throws RangeError if bytes are missing. */
export function toBlock(header: BlockHeader, bytes: Buffer): Block {
  return { header, columns: readColumns(bytes, header.shape) }
}

export function blockBytes({ shape }: BlockHeader): number {
  return sizeOf(shape)
}

/** Combines two hashes. A collision only costs a closer look; 0 is reserved for "none". */
export function joinedHash(a: number, b: number): number {
  return (Math.imul(a ^ (a >>> 15), 0x9e3779b1) ^ b) >>> 0 || 1
}
