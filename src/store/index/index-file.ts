import { createHash, randomUUID } from "node:crypto"
import { closeSync, constants, openSync, readSync, renameSync, rmSync, unlinkSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { Segment } from "../capture/segments.ts"
import { type Block, type BlockHeader, blockBytes, toBlock } from "./block.ts"
import type { Built } from "./build-block.ts"
import { aligned, type Front, frontBytes, readColumns } from "./columns.ts"

/**
 * A segment's index as a file: a header of fixed size, the blocks, then as JSON what `Trailer` says. It is written from
 * front to end while blocks are built, and the header last, so that a torn one is never taken for whole.
 */
type Trailer = { stamp: string; sizeBytes: number; modifiedMs: number; blocks: (BlockHeader & { at: number })[] }

/** Another layout or record format, another number: an index of another number is made anew. */
const LAYOUT = 7
const MAGIC = 0x70617463
const HEADER_BYTES = 24
const STAMP_BYTES = 4096

/** An index that can be read: heads in memory, columns in the file. */
export class IndexFile {
  readonly #file: number
  readonly #blocks: Trailer["blocks"]

  constructor(file: number, blocks: Trailer["blocks"]) {
    this.#file = file
    this.#blocks = blocks
  }

  get heads(): readonly BlockHeader[] {
    return this.#blocks
  }

  /** It lies in the window, and is gone when the window takes another one. */
  block(number: number, window: Window): Block {
    const head = this.#blocks[number]
    if (!head) throw new RangeError(`no block ${number}`)
    return toBlock(head, window.read(this.#file, head.at, blockBytes(head)))
  }

  /** A fifth of a block. */
  front(number: number, window: Window): Front {
    const head = this.#blocks[number]
    if (!head) throw new RangeError(`no block ${number}`)
    const bytes = window.read(this.#file, head.at, blockBytes(head), frontBytes(head.shape))
    return readColumns(bytes, head.shape)
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** Holds one block after the other in the same memory: fresh memory for each costs more than reading it. */
export class Window {
  #bytes = Buffer.alloc(0)

  /** `wanted`: how many of the bytes are read. */
  read(file: number, at: number, length: number, wanted = length): Buffer {
    // In an array buffer of its own, so that arrays of any width can lie over it.
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafeSlow(length + length / 4)
    fill(this.#bytes.subarray(0, wanted), file, at)
    return this.#bytes.subarray(0, length)
  }
}

/**
 * The index beside a segment, hidden from the relay's pruning by its name. Undefined where there is none, where it is
 * torn, or where the segment is not what it was: size, time and a hash of its first and last bytes tell.
 */
export function openIndex(segment: Segment): IndexFile | undefined {
  let file: number | undefined
  try {
    file = openSync(indexPath(segment), "r")
    const header = read(file, 0, HEADER_BYTES)
    if (header.readUInt32LE(0) !== MAGIC || header.readUInt32LE(4) !== LAYOUT) throw new RangeError("foreign index")
    const at = Number(header.readBigUInt64LE(8))
    const trailer = JSON.parse(read(file, at, header.readUInt32LE(16)).toString("utf8")) as Trailer
    const isFresh = trailer.sizeBytes === segment.sizeBytes && trailer.modifiedMs === segment.modifiedMs
    if (!isFresh || trailer.stamp !== stampOf(segment)) throw new RangeError("stale index")
    return new IndexFile(file, trailer.blocks)
  } catch {
    if (file !== undefined) closeSync(file)
    return undefined
  }
}

/** Writes an index block by block; nothing is seen of it before `finish`. */
export class IndexWriter {
  readonly #segment: Segment
  readonly #path: string
  readonly #temporary: string | undefined
  readonly #file: number
  readonly #stamp: string
  readonly #blocks: Trailer["blocks"] = []
  #at = HEADER_BYTES

  /** `isKept`: beside the segment, for the next reader. Throws where that may not be written. */
  constructor(segment: Segment, isKept: boolean) {
    this.#segment = segment
    this.#path = indexPath(segment)
    this.#temporary = isKept ? `${this.#path}.${process.pid}` : undefined
    this.#file = this.#temporary === undefined ? openNameless() : openSync(this.#temporary, "wx+", 0o600)
    this.#stamp = isKept ? stampOf(segment) : ""
  }

  add({ head, bytes }: Built): void {
    write(this.#file, Buffer.from(bytes), this.#at)
    this.#blocks.push({ ...head, at: this.#at })
    this.#at += aligned(bytes.byteLength)
  }

  finish(): IndexFile {
    if (this.#temporary !== undefined) {
      const { sizeBytes, modifiedMs } = this.#segment
      const trailer: Trailer = { stamp: this.#stamp, sizeBytes, modifiedMs, blocks: this.#blocks }
      const text = Buffer.from(JSON.stringify(trailer))
      write(this.#file, text, this.#at)
      const header = Buffer.alloc(HEADER_BYTES)
      header.writeUInt32LE(MAGIC, 0)
      header.writeUInt32LE(LAYOUT, 4)
      header.writeBigUInt64LE(BigInt(this.#at), 8)
      header.writeUInt32LE(text.length, 16)
      write(this.#file, header, 0)
      renameSync(this.#temporary, this.#path)
    }
    return new IndexFile(this.#file, this.#blocks)
  }

  abandon(): void {
    closeSync(this.#file)
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true })
  }
}

/** Linux's own, since 3.11; the number is the same on every machine that Node runs on. */
const O_TMPFILE = 0o20000000

/** Without a name it is gone when this process is, however that ends. */
function openNameless(): number {
  try {
    return openSync(tmpdir(), O_TMPFILE | constants.O_DIRECTORY | constants.O_RDWR, 0o600)
  } catch {
    // An older overlay has no such files.
    const path = join(tmpdir(), `.cnitap-${randomUUID()}`)
    const file = openSync(path, "wx+", 0o600)
    unlinkSync(path)
    return file
  }
}

export function indexPath({ path, name }: Pick<Segment, "path" | "name">): string {
  return join(dirname(path), `.${name}.index`)
}

/** The name of the segment that a file is the index of, or a reader's unfinished one of; undefined for other files. */
export function indexedSegment(fileName: string): string | undefined {
  return /^\.(calls-\d{8}T\d\d\.jsonl)\.index(?:\.\d+)?$/.exec(fileName)?.[1]
}

/** A segment is only ever appended to; a copy or a restored one differs at its ends, size and time. */
function stampOf({ path, sizeBytes }: Segment): string {
  const file = openSync(path, "r")
  try {
    const hash = createHash("sha256")
    for (const at of [0, Math.max(0, sizeBytes - STAMP_BYTES)]) {
      const bytes = Buffer.alloc(STAMP_BYTES)
      hash.update(bytes.subarray(0, readSync(file, bytes, 0, STAMP_BYTES, at)))
    }
    return hash.digest("hex").slice(0, 16)
  } finally {
    closeSync(file)
  }
}

/** In an array buffer of its own, so that arrays of any width can lie over it. */
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
