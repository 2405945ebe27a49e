import { closeSync, constants, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { indexName } from "../../capture/segment-name.ts"
import type { Segment } from "../capture/segments.ts"
import { openTemporaryFile } from "../capture/temporary-file.ts"
import { type Block, type BlockHeader, blockBytes, toBlock } from "./block.ts"
import type { BuiltBlock } from "./build/build-block.ts"
import {
  aligned,
  type ColumnPrefix,
  type Columns,
  type OwnerPrefix,
  outcomeNumber,
  ownerBytes,
  prefixBytes,
  readColumns,
  type Shape,
} from "./columns.ts"
import { isStampOf, type SegmentStamp, stampOf } from "./segment-stamp.ts"

/**
 * The end of an index file, as JSON. The file holds a header of fixed size, the blocks and the trailer. It is written
 * sequentially while blocks are built, and the header last, so that a torn file is never mistaken for a complete one.
 */
type Trailer = SegmentStamp & { blocks: (BlockHeader & { at: number })[] }

/** Incremented with every change of the layout or the record format: indexes of another layout are rebuilt. */
const LAYOUT = 17
const MAGIC = 0x70617463
const HEADER_BYTES = 24

/** An open index: block headers in memory, columns in the file. */
export class IndexFile {
  readonly #file: number
  readonly #blocks: Trailer["blocks"]
  readonly #incomplete = new Map<number, Map<number, string>>()

  constructor(file: number, blocks: Trailer["blocks"]) {
    this.#file = file
    this.#blocks = blocks
  }

  /** Makes readers see the operation as failed. `plugin`: see `Block.incomplete`. */
  markIncomplete(number: number, operation: number, plugin: string): void {
    const operations = this.#incomplete.get(number) ?? new Map<number, string>()
    this.#incomplete.set(number, operations.set(operation, plugin))
  }

  get headers(): readonly BlockHeader[] {
    return this.#blocks
  }

  /** The block's columns are in the buffer: reading another block into it overwrites them. */
  block(number: number, buffer: BlockBuffer): Block {
    const header = this.#blocks[number]
    if (!header) throw new RangeError(`no block ${number}`)
    const block = toBlock(header, buffer.read(this.#file, header.at, blockBytes(header)))
    const incomplete = this.#incomplete.get(number)
    if (!incomplete) return block
    for (const operation of incomplete.keys()) block.columns.operations.outcome[operation] = outcomeNumber("failed")
    return { ...block, incomplete }
  }

  /** The first columns of a block: a fifth of its bytes. */
  prefix(number: number, buffer: BlockBuffer): ColumnPrefix {
    return this.#first(number, buffer, prefixBytes)
  }

  /** The columns before those of the calls: a thirtieth of its bytes. */
  owners(number: number, buffer: BlockBuffer): OwnerPrefix {
    return this.#first(number, buffer, ownerBytes)
  }

  #first(number: number, buffer: BlockBuffer, bytesOf: (shape: Shape) => number): Columns {
    const header = this.#blocks[number]
    if (!header) throw new RangeError(`no block ${number}`)
    const bytes = buffer.read(this.#file, header.at, blockBytes(header), bytesOf(header.shape))
    return readColumns(bytes, header.shape)
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** Memory for one block at a time: allocating it for each block would cost more than reading the block. */
export class BlockBuffer {
  #bytes = Buffer.alloc(0)

  /** Reads only the first `wanted` of `length` bytes. */
  read(file: number, at: number, length: number, wanted = length): Buffer {
    // In an array buffer of its own: offsets of typed arrays must be multiples of their width.
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafeSlow(length + length / 4)
    fill(this.#bytes.subarray(0, wanted), file, at)
    return this.#bytes.subarray(0, length)
  }
}

/**
 * The index stored beside a segment; its name hides it from the relay's pruning. Undefined if there is none, if it is
 * torn, or if the segment has changed since, by its size, its modification time or a hash of its first and last bytes.
 */
export function openIndex(segment: Segment): IndexFile | undefined {
  let file: number | undefined
  try {
    // Opening a FIFO would wait for its writer.
    file = openSync(indexPath(segment), constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = fstatSync(file)
    if (!stat.isFile()) throw new RangeError("foreign index")
    const header = read(file, 0, HEADER_BYTES)
    if (header.readUInt32LE(0) !== MAGIC || header.readUInt32LE(4) !== LAYOUT) throw new RangeError("foreign index")
    const at = Number(header.readBigUInt64LE(8))
    const trailerBytes = header.readUInt32LE(16)
    if (at + trailerBytes > stat.size) throw new RangeError("torn index")
    const trailer = JSON.parse(read(file, at, trailerBytes).toString("utf8")) as Trailer
    if (!isStampOf(trailer, segment)) throw new RangeError("stale index")
    // An index that was copied with a capture may claim blocks of any size.
    if (trailer.blocks.some((block) => !(block.at + blockBytes(block) <= stat.size))) throw new RangeError("torn index")
    return new IndexFile(file, trailer.blocks)
  } catch {
    if (file !== undefined) closeSync(file)
    return undefined
  }
}

/** Writes an index block by block; readers do not see it before `finish`. */
export class IndexWriter {
  readonly #path: string
  readonly #temporary: string | undefined
  readonly #file: number
  readonly #stamp: SegmentStamp | undefined
  readonly #blocks: Trailer["blocks"] = []
  #at = HEADER_BYTES

  /** `isKept`: stored beside the segment for later readers. Throws if that directory cannot be written. */
  constructor(segment: Segment, isKept: boolean) {
    this.#path = indexPath(segment)
    this.#temporary = isKept ? `${this.#path}.${process.pid}` : undefined
    this.#file = this.#temporary === undefined ? openTemporaryFile() : openSync(this.#temporary, "wx+", 0o600)
    this.#stamp = isKept ? stampOf(segment) : undefined
  }

  add({ header, bytes }: BuiltBlock): void {
    write(this.#file, Buffer.from(bytes), this.#at)
    this.#blocks.push({ ...header, at: this.#at })
    this.#at += aligned(bytes.byteLength)
  }

  finish(): IndexFile {
    if (this.#temporary !== undefined && this.#stamp) {
      const trailer: Trailer = { ...this.#stamp, blocks: this.#blocks }
      const text = Buffer.from(JSON.stringify(trailer))
      write(this.#file, text, this.#at)
      const header = Buffer.alloc(HEADER_BYTES)
      header.writeUInt32LE(MAGIC, 0)
      header.writeUInt32LE(LAYOUT, 4)
      header.writeBigUInt64LE(BigInt(this.#at), 8)
      header.writeUInt32LE(text.length, 16)
      write(this.#file, header, 0)
      publish(this.#temporary, this.#path)
    }
    return new IndexFile(this.#file, this.#blocks)
  }

  abandon(): void {
    closeSync(this.#file)
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true })
  }
}

/** If something is in the way, such as a directory, the index serves this process only. */
function publish(temporary: string, path: string): void {
  try {
    renameSync(temporary, path)
  } catch {
    rmSync(temporary, { force: true })
  }
}

export function indexPath({ path }: Pick<Segment, "path">): string {
  return join(dirname(path), indexName(basename(path)))
}

/** In an array buffer of its own: offsets of typed arrays must be multiples of their width. */
function read(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length)
  fill(bytes, file, at)
  return bytes
}

function fill(bytes: Buffer, file: number, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    const readBytes = readSync(file, bytes, done, bytes.length - done, at + done)
    if (readBytes === 0) throw new RangeError("torn index")
    done += readBytes
  }
}

function write(file: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, at + done)
}
