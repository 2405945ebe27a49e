import type { Exit } from "../../../capture/record.ts"
import { type CallTable, newTable } from "../../../model/grouping/call-table.ts"
import type { ByteSlice } from "../../scan/byte-slice.ts"
import type { RecordHeaderReader } from "../../scan/record-header.ts"
import { EXIT_KINDS, NO_LINE } from "../columns.ts"
import { Interner } from "../interner.ts"

const NONE = -1

/** What grouping does not look at; the names are those of the columns that an index keeps. Texts are numbers here too. */
function newDetailColumns(rows: number) {
  return {
    id: new Uint32Array(rows),
    parentId: new Int32Array(rows),
    pid: new Uint32Array(rows),
    depth: new Uint32Array(rows),
    spawnMs: new Float64Array(rows),
    maxRssBytes: new Float64Array(rows),
    begin: new Uint32Array(rows),
    end: new Uint32Array(rows),
    exit: new Int32Array(rows),
    exitKind: new Uint8Array(rows),
    parentName: new Uint32Array(rows),
    netns: new Uint32Array(rows),
    cniVersion: new Uint32Array(rows),
    namespace: new Uint32Array(rows),
    name: new Uint32Array(rows),
    uid: new Uint32Array(rows),
    reason: new Uint32Array(rows),
  }
}

/** The calls of a block while its lines come, a row each. One is used for all blocks, so that it grows but once. */
export class BlockBuilder {
  readonly ids = new Interner()
  readonly texts = new Interner()
  table: CallTable = { ...newTable(4096), rows: 0 }
  more = newDetailColumns(4096)
  #rowOfId = new Int32Array(4096).fill(NONE)

  clear(): void {
    this.ids.clear()
    this.texts.clear()
    this.table.rows = 0
    this.#rowOfId.fill(NONE)
  }

  /** `begin`: where the line starts, from the start of the block. A begin line that comes again takes the place of the first. */
  begin(head: RecordHeaderReader, begin: number): void {
    const id = this.#idOf(head.id)
    const row = this.#rowOfId[id] ?? NONE
    if (row !== NONE) this.#put(head, row, begin)
    else {
      const fresh = this.table.rows++
      if (fresh === this.more.id.length) this.#grow()
      this.#rowOfId[id] = fresh
      this.more.id[fresh] = id
      this.#put(head, fresh, begin)
    }
  }

  /** False where the end line belongs to no call that began in the block, or to one that has its end. */
  end({ id, durationMs, spawnMs, maxRssBytes, exit, summary, lateConfig }: RecordHeaderReader, end: number): boolean {
    const { table, more, texts } = this
    const row = this.#rowOfId[this.#idOf(id)] ?? NONE
    if (row === NONE || more.end[row] !== NO_LINE) return false
    table.durationMs[row] = durationMs
    more.spawnMs[row] = spawnMs
    more.maxRssBytes[row] = maxRssBytes
    more.end[row] = end
    this.#putExit(row, exit)
    if (summary.reason !== undefined) more.reason[row] = texts.numberOf(summary.reason)
    if (lateConfig?.network) table.network[row] = texts.numberOf(lateConfig.network)
    if (lateConfig?.cniVersion) more.cniVersion[row] = texts.numberOf(lateConfig.cniVersion)
    return true
  }

  /** To be asked when all lines were taken: a child's line may come before its parent's. */
  withParents(): CallTable {
    const { table, more } = this
    for (let row = 0; row < table.rows; row++) {
      const parentId = more.parentId[row] ?? NONE
      table.parent[row] = parentId === NONE ? NONE : (this.#rowOfId[parentId] ?? NONE)
    }
    return table
  }

  /** By row, the number of the parent's id as a text; to be asked when all lines were taken. */
  parentTexts(): Uint32Array {
    const { ids, texts, table, more } = this
    const numbers = new Uint32Array(table.rows)
    const known = new Uint32Array(ids.count)
    for (let row = 0; row < table.rows; row++) {
      const parentId = more.parentId[row] ?? NONE
      if (parentId === NONE) continue
      known[parentId] ||= texts.numberFrom(ids, parentId)
      numbers[row] = known[parentId] ?? 0
    }
    return numbers
  }

  #put(head: RecordHeaderReader, row: number, begin: number): void {
    const { table, more, texts } = this
    const { context } = head
    table.node[row] = texts.number(head.node)
    table.ppid[row] = head.ppid
    table.command[row] = texts.number(context.command)
    table.containerId[row] = texts.number(context.containerId)
    table.ifname[row] = texts.number(context.ifname)
    table.network[row] = texts.number(head.network)
    table.plugin[row] = texts.number(head.plugin)
    table.wallMs[row] = head.wallMs
    table.monoMs[row] = head.monoMs
    table.durationMs[row] = Number.NaN
    table.isProbe[row] = head.isProbe ? 1 : 0
    table.isFailed[row] = 0
    more.parentId[row] = head.parent.to > head.parent.from ? this.#idOf(head.parent) : NONE
    more.pid[row] = head.pid
    more.depth[row] = head.depth
    more.spawnMs[row] = Number.NaN
    more.maxRssBytes[row] = Number.NaN
    more.begin[row] = begin
    more.end[row] = NO_LINE
    more.exit[row] = 0
    more.exitKind[row] = 0
    more.parentName[row] = texts.number(head.parentName)
    more.netns[row] = texts.number(context.netns)
    more.namespace[row] = texts.number(context.namespace)
    more.name[row] = texts.number(context.name)
    more.uid[row] = texts.number(context.uid)
    more.cniVersion[row] = texts.number(head.cniVersion)
    more.reason[row] = 0
  }

  #putExit(row: number, exit: Exit): void {
    const { table, more } = this
    const [kind, value] =
      "code" in exit
        ? ["code" as const, exit.code]
        : "signal" in exit
          ? ["signal" as const, exit.signal]
          : ["errno" as const, exit.errno]
    more.exitKind[row] = EXIT_KINDS.indexOf(kind)
    more.exit[row] = value
    table.isFailed[row] = kind === "code" && value === 0 ? 0 : 1
  }

  #idOf(id: ByteSlice): number {
    const number = this.ids.number(id)
    if (number >= this.#rowOfId.length) {
      const rows = new Int32Array(2 * this.#rowOfId.length).fill(NONE)
      rows.set(this.#rowOfId)
      this.#rowOfId = rows
    }
    return number
  }

  #grow(): void {
    const [table, more] = [newTable(2 * this.more.id.length), newDetailColumns(2 * this.more.id.length)]
    copyColumns(this.table, table)
    copyColumns(this.more, more)
    this.table = { ...table, rows: this.table.rows }
    this.more = more
  }
}

type Numbers = Float64Array | Int32Array | Uint32Array | Uint8Array

function copyColumns(from: Record<string, Numbers | number>, to: Record<string, Numbers | number>): void {
  for (const [name, target] of Object.entries(to)) {
    const source = from[name]
    if (typeof target !== "number" && typeof source === "object") target.set(source)
  }
}
