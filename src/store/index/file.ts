import { createHash } from "node:crypto"
import { type FileHandle, open, readFile, rename, unlink, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { DamageCount } from "../damage.ts"
import type { EndHead } from "../head.ts"
import type { FileSegment } from "../segment.ts"
import { type Columns, Dictionary, emptyColumns, NUMBERS, SMALL, TEXT_COLUMNS } from "./columns.ts"

/** What a segment held when it was indexed: its columns and what could not be read. */
export type Index = { columns: Columns; orphans: Orphan[]; damage: DamageCount[] }

/** An end line whose begin line is not in the same segment. */
export type Orphan = { head: EndHead; offset: number }

/** Another layout, another number: an index of another number is made anew. */
const LAYOUT = 1
const STAMP_BYTES = 4096

type Header = {
  layout: number
  sizeBytes: number
  modifiedMs: number
  stamp: string
  rows: number
  texts: number
  textBytes: number
  orphans: Orphan[]
  damage: DamageCount[]
}

/**
 * The index beside a segment, hidden from the relay's pruning by its name. Undefined where there is none, where it is
 * torn, or where the segment is not what it was: size, time and a hash of its first and last bytes tell.
 */
export async function readIndex(segment: FileSegment): Promise<Index | undefined> {
  const bytes = await readFile(indexPath(segment)).catch(() => undefined)
  if (!bytes || bytes.length < 4) return undefined
  const headerBytes = bytes.readUInt32LE(0)
  const header = parseHeader(bytes.toString("utf8", 4, 4 + headerBytes))
  if (!header || header.layout !== LAYOUT) return undefined
  if (header.sizeBytes !== segment.sizeBytes || header.modifiedMs !== segment.modifiedMs) return undefined
  if (header.stamp !== (await stampOf(segment))) return undefined
  try {
    const columns = readColumns(bytes, aligned(4 + headerBytes), header)
    return { columns, orphans: header.orphans, damage: header.damage }
  } catch {
    // Shorter than its header says: torn.
    return undefined
  }
}

/** Whether it was written. A directory that may not be written, or a full disk, means that the next reader scans again. */
export async function writeIndex(segment: FileSegment, { columns, orphans, damage }: Index): Promise<boolean> {
  const { dictionary, rows } = columns
  const header: Header = {
    layout: LAYOUT,
    sizeBytes: segment.sizeBytes,
    modifiedMs: segment.modifiedMs,
    stamp: await stampOf(segment),
    rows,
    texts: dictionary.starts.length,
    textBytes: dictionary.bytes.length,
    orphans,
    damage,
  }
  const text = Buffer.from(JSON.stringify(header))
  const head = Buffer.alloc(aligned(4 + text.length))
  head.writeUInt32LE(text.length, 0)
  text.copy(head, 4)
  const parts = [head, ...arraysOf(columns).map(bytesOf), bytesOf(dictionary.starts), dictionary.bytes]
  const path = indexPath(segment)
  const temporary = `${path}.${process.pid}`
  try {
    await writeFile(temporary, Buffer.concat(parts), { mode: 0o600, flag: "wx" })
    await rename(temporary, path)
    return true
  } catch {
    await unlink(temporary).catch(() => undefined)
    return false
  }
}

export function indexPath(segment: Pick<FileSegment, "path" | "name">): string {
  return join(dirname(segment.path), `.${segment.name}.index`)
}

function readColumns(bytes: Buffer, from: number, header: Header): Columns {
  const columns = emptyColumns(0)
  let at = from
  const take = <Values>(
    make: (buffer: ArrayBufferLike, offset: number, length: number) => Values,
    width: number,
    length: number,
  ) => {
    const values = make(bytes.buffer, bytes.byteOffset + at, length)
    at += aligned(width * length)
    return values
  }
  for (const name of NUMBERS) columns.numbers[name] = take((...place) => new Float64Array(...place), 8, header.rows)
  for (const name of SMALL) columns.small[name] = take((...place) => new Int32Array(...place), 4, header.rows)
  for (const name of TEXT_COLUMNS) columns.texts[name] = take((...place) => new Uint32Array(...place), 4, header.rows)
  const starts = take((...place) => new Uint32Array(...place), 4, header.texts)
  if (bytes.length < at + header.textBytes) throw new RangeError("torn index")
  const texts = bytes.subarray(at, at + header.textBytes)
  return { ...columns, rows: header.rows, dictionary: new Dictionary(texts, starts) }
}

function arraysOf({ numbers, small, texts }: Columns): (Float64Array | Int32Array | Uint32Array)[] {
  return [
    ...NUMBERS.map((name) => numbers[name]),
    ...SMALL.map((name) => small[name]),
    ...TEXT_COLUMNS.map((name) => texts[name]),
  ]
}

function bytesOf(values: Float64Array | Int32Array | Uint32Array): Buffer {
  const padded = Buffer.alloc(aligned(values.byteLength))
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).copy(padded)
  return padded
}

/** Typed arrays start at multiples of eight. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}

/** A segment is only ever appended to; a copy or a restored one differs at its ends, size and time. */
async function stampOf({ path, sizeBytes }: FileSegment): Promise<string> {
  let file: FileHandle | undefined
  try {
    file = await open(path)
    const hash = createHash("sha256")
    for (const at of [0, Math.max(0, sizeBytes - STAMP_BYTES)]) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(STAMP_BYTES), 0, STAMP_BYTES, at)
      hash.update(buffer.subarray(0, bytesRead))
    }
    return hash.digest("hex").slice(0, 16)
  } catch {
    return ""
  } finally {
    await file?.close()
  }
}

function parseHeader(text: string): Header | undefined {
  try {
    return JSON.parse(text) as Header
  } catch {
    return undefined
  }
}
