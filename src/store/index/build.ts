import { closeSync, openSync, readSync } from "node:fs"
import type { Call } from "../../model/call.ts"
import { type Operation, toOperations, walk } from "../../model/operation.ts"
import { Damage } from "../damage.ts"
import { type BeginHead, type EndHead, readHead, toHead } from "../head.ts"
import { type Line, LineSplitter } from "../lines.ts"
import { toRecord } from "../records.ts"
import { readingFault } from "../segment.ts"
import { type BlockHead, hashOf, type Orphan, type Place } from "./block.ts"
import {
  type Columns,
  internTexts,
  NOWHERE,
  outcomeNumber,
  readColumns,
  type Shape,
  sizeOf,
  TEXT_COUNT,
  writeCall,
} from "./columns.ts"
import { Interning } from "./dictionary.ts"
import { toStretches } from "./order.ts"

type Entry = { call: Call; reason?: string; begin: number; end: number }
type Gathered = { entries: Map<string, Entry>; orphans: Orphan[]; damage: Damage; dataDirs: Set<string> }

/** What a block's bytes and head are; `bytes` is an array buffer of its own, to be handed from thread to thread. */
export type Built = { head: BlockHead; bytes: ArrayBuffer }

/** Reads a block once, without parsing what its streams hold. */
export function buildBlock(path: string, name: string, place: Place): Built {
  const gathered = gather(path, name, place)
  const { entries, orphans, damage, dataDirs } = gathered
  const operations = toOperations([...entries.values()].map(({ call }) => call))
  const { shape, bytes, mixed, open, dangling } = lay(operations, entries)
  return {
    head: {
      ...place,
      shape,
      orphans,
      damage: damage.list(),
      stretches: toStretches([...entries.values()].map(({ call }) => call)),
      dataDirs: [...dataDirs],
      mixed,
      open,
      dangling,
    },
    bytes,
  }
}

function gather(path: string, name: string, place: Place): Gathered {
  const gathered: Gathered = { entries: new Map(), orphans: [], damage: new Damage(), dataDirs: new Set() }
  const { entries, orphans, damage, dataDirs } = gathered
  for (const line of linesOf(path, place)) {
    const head = headOf(line, name, damage)
    if (!head) continue
    if (head.kind === "begin") {
      entries.set(head.id, { call: head.call, begin: line.offset - place.fromByte, end: NOWHERE })
      if (head.dataDir !== undefined) dataDirs.add(head.dataDir)
      continue
    }
    const entry = entries.get(head.id)
    if (!entry || entry.end !== NOWHERE) orphans.push({ head, offset: line.offset })
    else {
      complete(entry.call, head)
      entry.end = line.offset - place.fromByte
      if (head.summary.reason !== undefined) entry.reason = head.summary.reason
    }
  }
  return gathered
}

/** Joins an end line to what its begin line told. */
export function complete(call: Call, { end, config }: EndHead): void {
  call.exit = end.exit
  call.durationMs = end.durationMs
  call.spawnMs = end.spawnMs
  call.state = "ended"
  if (config) Object.assign(call, config)
}

function headOf(line: Line, name: string, damage: Damage): BeginHead | EndHead | undefined {
  const head = line.bytes && readHead(line.bytes)
  if (head) return head
  const record = toRecord(line, name, damage)
  return record && toHead(record)
}

const CHUNK_BYTES = 1024 * 1024
const NEWLINE = 10

/** One for all blocks: what a line tells is copied out of it before the next one is asked for. */
let window: Buffer | undefined

/** Lines that start in the block. One that goes on beyond it is read to its end; one from before is skipped. */
function* linesOf(path: string, { fromByte, toByte }: Place): Generator<Line> {
  const file = openSegment(path)
  if (file === undefined) return
  window ??= Buffer.allocUnsafeSlow(CHUNK_BYTES)
  try {
    // Offset of the window's first byte, and how many it holds.
    let offset = fromByte === 0 ? 0 : firstStart(file, fromByte, toByte)
    let heldBytes = 0
    while (offset >= 0 && offset < toByte) {
      const readBytes = readSync(file, window, heldBytes, CHUNK_BYTES - heldBytes, offset + heldBytes)
      heldBytes += readBytes
      const held = window.subarray(0, heldBytes)
      let from = 0
      for (let to = held.indexOf(NEWLINE); to >= 0; to = held.indexOf(NEWLINE, from)) {
        if (offset + from >= toByte) return
        if (to > from) yield { offset: offset + from, sizeBytes: to - from, bytes: held.subarray(from, to) }
        from = to + 1
      }
      if (readBytes === 0 || (from === 0 && heldBytes === CHUNK_BYTES)) {
        const long = lineAt(file, offset)
        if (!long) return
        yield long
        from = long.sizeBytes + 1
        heldBytes = Math.max(heldBytes, from)
      }
      window.copyWithin(0, from, heldBytes)
      offset += from
      heldBytes -= from
    }
  } finally {
    closeSync(file)
  }
}

/** A line that the window does not hold, or that no newline ends. */
function lineAt(file: number, offset: number): Line | undefined {
  const splitter = new LineSplitter(offset)
  for (let at = offset; ; ) {
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    const readBytes = readSync(file, chunk, 0, CHUNK_BYTES, at)
    if (readBytes === 0) return splitter.rest()
    for (const line of splitter.push(chunk.subarray(0, readBytes))) return line
    at += readBytes
  }
}

/** Where the first line starts in the block; -1 where none does. */
function firstStart(file: number, fromByte: number, toByte: number): number {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  // The newline before the block makes its first byte a start.
  for (let at = fromByte - 1; at < toByte - 1; at += CHUNK_BYTES) {
    const readBytes = readSync(file, chunk, 0, Math.min(CHUNK_BYTES, toByte - 1 - at), at)
    const found = chunk.subarray(0, readBytes).indexOf(NEWLINE)
    if (found >= 0) return at + found + 1
    if (readBytes === 0) return -1
  }
  return -1
}

function openSegment(path: string): number | undefined {
  try {
    return openSync(path, "r")
  } catch (error) {
    const fault = readingFault(path, error)
    if (fault) throw fault
    return undefined
  }
}

type Laid = Pick<BlockHead, "shape" | "mixed" | "open" | "dangling"> & { bytes: ArrayBuffer }

function lay(operations: Operation[], entries: Map<string, Entry>): Laid {
  const interning = new Interning()
  const calls: Call[] = []
  const levels: number[] = []
  // How wide the numbers of texts are is known once all of them are.
  const texts = new Uint32Array(entries.size * TEXT_COUNT)
  let idBytes = 0
  for (const operation of operations) {
    for (const { call, level } of walk(operation.calls)) {
      internTexts(call, entries.get(call.id)?.reason, interning, texts, calls.length * TEXT_COUNT)
      calls.push(call)
      levels.push(level)
      idBytes = Math.max(idBytes, Buffer.byteLength(call.id))
    }
  }
  const shape: Shape = {
    rows: calls.length,
    operations: operations.length,
    idBytes,
    texts: interning.texts.length,
    textBytes: interning.textBytes,
  }
  const bytes = new ArrayBuffer(sizeOf(shape))
  const columns = readColumns(Buffer.from(bytes), shape)
  interning.write(columns.dictionary)
  for (const [row, call] of calls.entries()) {
    writeCall(columns, row, call, levels[row] ?? 0, texts)
    const entry = entries.get(call.id)
    columns.numbers.begin[row] = entry?.begin ?? NOWHERE
    columns.numbers.end[row] = entry?.end ?? NOWHERE
  }
  return { shape, bytes, ...layOperations(operations, columns, entries) }
}

function layOperations(
  operations: Operation[],
  { operations: table }: Columns,
  entries: Map<string, Entry>,
): Pick<BlockHead, "mixed" | "open" | "dangling"> {
  const told: Pick<BlockHead, "mixed" | "open" | "dangling"> = { mixed: [], open: [], dangling: [] }
  let row = 0
  for (const [at, operation] of operations.entries()) {
    table.from[at] = row
    table.outcome[at] = outcomeNumber(operation.outcome)
    const families = new Set<number>()
    let isOpen = false
    for (const { call } of walk(operation.calls)) {
      row++
      if (call.containerId) families.add(familyOf(call))
      if (call.state !== "ended") isOpen = true
      if (call.parent && !entries.has(call.parent)) {
        isOpen = true
        told.dangling.push(ownerOf(call))
      }
    }
    const [first = 0, ...more] = families
    table.family[at] = first
    table.owner[at] = operation.containerId ? ownerOf(operation) : 0
    if (more.length > 0) told.mixed.push([at, more])
    if (isOpen) told.open.push(at)
  }
  return told
}

/** Only calls of one family can be of one operation, but for those that name their parent. */
export function familyOf({ node, containerId, command }: Pick<Call, "node" | "containerId" | "command">): number {
  return hashOf(`${node}\n${containerId}\n${command}`)
}

function ownerOf({ node, containerId }: Pick<Call, "node" | "containerId">): number {
  return hashOf(`${node}\n${containerId}`)
}
