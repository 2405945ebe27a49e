import type { ReadErrorCount } from "../capture/read-errors.ts"
import type { EndHeader } from "../scan/record-header.ts"
import type { ClockEpoch } from "./clock-order.ts"
import { type Columns, readColumns, type Shape, sizeOf } from "./columns.ts"

/** A stretch of a segment: the lines that start in it. */
export type ByteRange = { fromByte: number; toByte: number }

/** An end line whose begin line is not in the same block. `offset` counts from the start of the segment. */
export type Orphan = { header: EndHeader; offset: number }

/** What is known of a block beside its columns; it goes into the index as JSON. */
export type BlockHeader = ByteRange & {
  shape: Shape
  orphans: Orphan[]
  readErrors: ReadErrorCount[]
  clockEpochs: ClockEpoch[]
  /** where host-local keeps its store, as configurations in the block say it */
  dataDirs: string[]
  /** operations (by number) of more than one family, and the families beyond the first */
  mixed: [operation: number, families: number[]][]
  /** operations with a call that never ended in the block, or whose parent is not in it */
  open: number[]
  /** owners of calls whose parent is not in the block */
  dangling: number[]
}

export type Block = { header: BlockHeader; columns: Columns }

/** Small enough to be held, large enough that few operations lie across two. */
const BLOCK_BYTES = 16 * 1024 * 1024

export function blockRanges(sizeBytes: number): ByteRange[] {
  const places: ByteRange[] = []
  for (let fromByte = 0; fromByte < sizeBytes; fromByte += BLOCK_BYTES)
    places.push({ fromByte, toByte: Math.min(sizeBytes, fromByte + BLOCK_BYTES) })
  return places
}

/** The number of the block in which a line starts. */
export function blockNumber(offset: number): number {
  return Math.floor(offset / BLOCK_BYTES)
}

/** Throws RangeError where bytes are missing. */
export function toBlock(header: BlockHeader, bytes: Buffer): Block {
  return { header, columns: readColumns(bytes, header.shape) }
}

export function blockBytes({ shape }: BlockHeader): number {
  return sizeOf(shape)
}

/** Names what belongs together in a few bytes. Two that collide are only looked at more closely; 0 is nothing's. */
export function joinedHash(a: number, b: number): number {
  return (Math.imul(a ^ (a >>> 15), 0x9e3779b1) ^ b) >>> 0 || 1
}
