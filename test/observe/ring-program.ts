/**
 * Compiled into an executable by `ring.proc.test.ts`: writes random records into a file that is the ring, as the kernel does,
 * and reads them. Its arguments are a seed and how many rounds. Prints the number of rounds that differ, and the first of them.
 */
import { Buffer } from "node:buffer"
import { closeSync, openSync, readSync, writeSync } from "node:fs"
import { FILE_FIELDS, RECORD_LAYOUTS, type RecordField, type RecordLayout } from "../../src/observe/event.ts"
import { openBpf } from "../../src/observe/kernel/bpf.ts"
import { Random } from "../capture/random.ts"

const RING_BYTES = 1 << 16
const PAGE_BYTES = 4096
const [HEADER_BYTES, HEAD_BYTES, FILE_BYTES, NAME_BYTES] = [8, 32, 24, 16]
const [BUSY, DISCARDED] = [2 ** 31, 2 ** 30]
const random = new Random(Number(process.argv[2]))
const bpf = openBpf()

closeSync(openSync("ring", "w"))
const ring = openSync("ring", "r+")
writeSync(ring, Buffer.alloc(2 * PAGE_BYTES + RING_BYTES), 0, undefined, 0)
const result = bpf.openRing(ring, RING_BYTES, RECORD_LAYOUTS, FILE_FIELDS)
if (result !== 0) throw new Error(`the ring cannot be opened: ${result}`)

let produced = 0
let differing = 0
for (let round = 0; round < Number(process.argv[3]); round++) {
  const expected: unknown[] = []
  const count = random.below(12)
  for (let i = 0; i < count; i++) {
    const { record, event } = randomRecord()
    if (produced - consumed() + HEADER_BYTES + record.length + 7 > RING_BYTES) break
    const isDiscarded = random.below(8) === 0
    append(record, isDiscarded ? DISCARDED : 0)
    if (!isDiscarded) expected.push(event)
  }
  const busyAt = random.below(4) === 0 && produced - consumed() < RING_BYTES / 2 ? produced : undefined
  const last = busyAt === undefined ? undefined : randomRecord()
  if (last) append(last.record, BUSY)
  const seen: unknown[] = []
  const readAll = () => {
    for (let events = bpf.readRing(); events.length > 0; events = bpf.readRing()) seen.push(...events.map(comparable))
  }
  readAll()
  if (last && busyAt !== undefined) {
    if (consumed() !== busyAt) seen.push(`a record that is not complete was read in round ${round}`)
    writeAt(busyAt, header(last.record.length))
    readAll()
    expected.push(last.event)
  }
  const [is, wanted] = [JSON.stringify(seen), JSON.stringify(expected)]
  if (is !== wanted && differing++ === 0) process.stdout.write(`${is}\n${wanted}\n`)
}
process.stdout.write(`${differing}\n`)

/** The bytes of a record, and the event that they are. */
function randomRecord(): { record: Buffer; event: unknown } {
  const layout = random.pick(RECORD_LAYOUTS)
  const { kind, fields } = layout
  const behind = random.pick([0, 1, 7, 8, 200, 4096, 16_384])
  const { bytes, event } = randomFields(fields, behind)
  bytes.writeUInt32LE(RECORD_LAYOUTS.indexOf(layout), 0)
  return { record: bytes, event: comparable({ ...event, kind }) }
}

/** `behind`: bytes that follow the structure. */
function randomFields(
  fields: RecordLayout["fields"],
  behind: number,
): { bytes: Buffer; event: Record<string, unknown> } {
  const structure = Math.max(HEAD_BYTES, ...fields.map(endOf))
  const bytes = Buffer.alloc(structure + behind)
  for (let at = 0; at < bytes.length; at++) bytes[at] = random.below(256)
  bytes.writeUInt32LE(behind, 4)
  const event: Record<string, unknown> = {}
  for (const [name, type, at] of fields) {
    const file = (from: number) =>
      Object.fromEntries(FILE_FIELDS.map(([key, kind, place]) => [key, numberAt(bytes, kind, from + place)]))
    if (type === "name") event[name] = written(bytes.subarray(at, at + NAME_BYTES), 97)
    else if (type === "path") event[name] = written(bytes.subarray(at), 98)
    else if (type === "bytes") event[name] = bytes.subarray(at, at + behind)
    else if (type === "file") event[name] = file(at)
    else if (type === "files") event[name] = [0, 1, 2].map((index) => file(at + FILE_BYTES * index))
    else event[name] = numberAt(bytes, type, at)
  }
  return { bytes, event }
}

/** Where the field ends, as far as its record always has it. */
function endOf([, type, at]: RecordField): number {
  const size = {
    int: 4,
    flag: 4,
    long: 8,
    name: NAME_BYTES,
    path: 0,
    bytes: 0,
    file: FILE_BYTES,
    files: 3 * FILE_BYTES,
  }
  return at + size[type]
}

/** Writes a random number that a script can hold, and returns it. */
function numberAt(bytes: Buffer, type: string, at: number): number | boolean {
  if (type === "flag") {
    const flag = random.below(2)
    bytes.writeUInt32LE(flag, at)
    return flag === 1
  }
  if (type === "int") return bytes.readUInt32LE(at)
  bytes[at + 6] = (bytes[at + 6] ?? 0) & 0x1f
  bytes[at + 7] = 0
  return Number(bytes.readBigUInt64LE(at))
}

/** A text of random length with a zero behind it, if there is room for one. */
function written(bytes: Buffer, letter: number): string {
  const length = random.below(bytes.length + 1)
  bytes.fill(letter, 0, length)
  bytes.fill(0, length)
  return String.fromCharCode(letter).repeat(length)
}

function append(record: Buffer, flags: number): void {
  writeAt(produced, Buffer.concat([header(record.length + flags), record]))
  produced += (HEADER_BYTES + record.length + 7) & ~7
  const position = Buffer.alloc(8)
  position.writeBigUInt64LE(BigInt(produced))
  writeSync(ring, position, 0, undefined, PAGE_BYTES)
}

function header(value: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.writeUInt32LE(value)
  return bytes
}

/** Across the end of the ring to its beginning. */
function writeAt(place: number, bytes: Buffer): void {
  const at = place % RING_BYTES
  const first = Math.min(bytes.length, RING_BYTES - at)
  writeSync(ring, bytes, 0, first, 2 * PAGE_BYTES + at)
  if (first < bytes.length) writeSync(ring, bytes, first, bytes.length - first, 2 * PAGE_BYTES)
}

function consumed(): number {
  const position = Buffer.alloc(8)
  readSync(ring, position, 0, 8, 0)
  return Number(position.readBigUInt64LE(0))
}

/** Members in the order of their names, and bytes as text. */
function comparable(event: object): unknown {
  const members = Object.entries(event).map(([key, value]) => [
    key,
    value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
  ])
  return members.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}
