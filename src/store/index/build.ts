import { type Call, configOf, toCall } from "../../model/call.ts"
import { toOperations } from "../../model/operation.ts"
import { type CallSummary, lighten, summarize } from "../../model/packed.ts"
import { Damage } from "../damage.ts"
import { type BeginHead, type EndHead, readHead } from "../head.ts"
import { type Line, LineSplitter } from "../lines.ts"
import { toRecord } from "../records.ts"
import type { Segment } from "../segment.ts"
import { type Entry, toColumns } from "./columns.ts"
import type { Index, Orphan } from "./file.ts"

/** Reads a segment once, without parsing what its streams hold. `progress` is told how many bytes were read. */
export async function buildIndex(segment: Segment, progress?: (readBytes: number) => void): Promise<Index> {
  const damage = new Damage()
  const entries = new Map<string, Entry>()
  const orphans: Orphan[] = []
  const splitter = new LineSplitter()
  const take = (line: Line) => {
    for (const head of headsOf(line, segment.name, damage)) {
      if (head.kind === "begin") {
        entries.set(head.id, { call: head.call, summary: {}, places: { begin: line.offset, end: -1 } })
        continue
      }
      const entry = entries.get(head.id)
      if (entry) complete(entry, head, line.offset)
      else orphans.push({ head, offset: line.offset })
    }
  }
  let readBytes = 0
  for await (const chunk of segment.chunks()) {
    for (const line of splitter.push(chunk)) take(line)
    readBytes += chunk.length
    progress?.(readBytes)
  }
  const rest = splitter.rest()
  if (rest) take(rest)
  const calls = [...entries.values()].map(({ call }) => call)
  const columns = toColumns(
    toOperations(calls),
    (call) => entries.get(call.id) ?? { call, summary: {}, places: NOWHERE },
  )
  return { columns, orphans, damage: damage.list() }
}

/** Joins an end line to what its begin line told. */
export function complete(
  entry: { call: Call; summary: CallSummary; places: Entry["places"] },
  head: EndHead,
  offset: number,
): void {
  Object.assign(entry.call, head.end, { state: "ended" })
  if (head.config) Object.assign(entry.call, head.config)
  entry.summary = head.summary
  entry.places = { begin: entry.places.begin, end: offset }
}

const NOWHERE = { begin: -1, end: -1 }

function headsOf(line: Line, segment: string, damage: Damage): (BeginHead | EndHead)[] {
  const fast = line.bytes && readHead(line.bytes)
  if (fast) return [fast]
  const record = toRecord(line, segment, damage)
  if (!record) return []
  if (record.kind === "begin") return [{ kind: "begin", id: record.id, call: lighten(toCall(record, undefined)) }]
  const { id, exit, durationMs, spawnMs, stdin, stdout, stderr } = record
  const { name, cniVersion } = configOf(stdin) ?? {}
  const summary = summarize({ exit, stdout, stderr } as Call)
  return [
    {
      kind: "end",
      id,
      end: { exit, durationMs, spawnMs },
      summary,
      ...(stdin ? { config: { ...(name ? { network: name } : {}), ...(cniVersion ? { cniVersion } : {}) } } : {}),
    },
  ]
}
