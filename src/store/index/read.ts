import type { Call } from "../../model/call.ts"
import { toCall } from "../../model/call.ts"
import type { Filter } from "../../model/filter/filter.ts"
import { sourceOf, toMatcher } from "../../model/filter/match.ts"
import { type CallNode, type Operation, toOperation, toOperations, walk } from "../../model/operation.ts"
import type { CallSummary, LightOperation } from "../../model/packed.ts"
import type { TimeRange } from "../calls.ts"
import { isInRange } from "../calls.ts"
import type { Capture } from "../capture.ts"
import type { Damage } from "../damage.ts"
import type { EndHead } from "../head.ts"
import { processes } from "../process.ts"
import { recordAt } from "../records.ts"
import type { FileSegment, Segment } from "../segment.ts"
import { buildIndex } from "./build.ts"
import { type Columns, callAt, placesAt, summaryAt } from "./columns.ts"
import { mayMatch } from "./facts.ts"
import { type Index, readIndex, writeIndex } from "./file.ts"

type Place = { segment: Segment; offset: number }
type Known = { summary: CallSummary; begin?: Place; end?: Place }
type Wanted = { range?: TimeRange; filter: Filter; nowMs: number }

/** Calls of one list follow each other within this time, so that one near the end of an hour may go on in the next. */
const EDGE_MS = 10_000
const HOUR_MS = 3_600_000

/**
 * The operations of a capture without their streams, from the indexes beside its segments; what has none is scanned,
 * and sealed segments get one on the way. Memory holds one segment's columns at a time, and what crosses the hours.
 */
export class LightReader {
  readonly #capture: Capture
  readonly #damage: Damage
  readonly #progress: ((text: string) => void) | undefined
  readonly #known = new WeakMap<Call, Known>()
  /** indexes that could not be written are kept, so that no segment is scanned twice */
  readonly #unwritten = new Map<string, Index>()

  constructor(capture: Capture, damage: Damage, progress?: (text: string) => void) {
    this.#capture = capture
    this.#damage = damage
    this.#progress = progress
  }

  /** Operations that match, oldest first. */
  async *operations({ range = {}, filter, nowMs }: Wanted): AsyncGenerator<LightOperation> {
    const segments = (await this.#capture.segments()).filter((segment) => isInRange(segment, range))
    const matcher = toMatcher(filter, nowMs)
    const crossing = await this.#crossing(segments)
    let next = 0
    const isWanted = ({ wallMs }: Operation) =>
      (range.sinceMs === undefined || wallMs >= range.sinceMs) &&
      (range.untilMs === undefined || wallMs <= range.untilMs)
    const matches = async (operation: LightOperation) => {
      if (!isWanted(operation)) return false
      if (!needsStreams(filter)) return matcher.operation(operation)
      return matcher.operation(await this.whole(operation))
    }
    for (const segment of segments) {
      const { columns } = await this.#index(segment)
      const may = mayMatch(columns, matcher, filter)
      for (const [from, to] of operationRows(columns)) {
        const startMs = columns.numbers.wallMs[from] ?? 0
        for (let early = crossing[next]; early && early.wallMs <= startMs; early = crossing[next]) {
          next++
          if (await matches(early)) yield early
        }
        if (isEdge(segment, columns, from, to) || !may(from, to)) continue
        const operation = this.#operationAt(segment, columns, from, to)
        if (await matches(operation)) yield operation
      }
    }
    for (const late of crossing.slice(next)) if (await matches(late)) yield late
  }

  /** The operation with its streams, read from where its lines are; a call whose lines were pruned stays without. */
  async whole(operation: Operation): Promise<Operation> {
    const wholeNode = async ({ call, children }: CallNode): Promise<CallNode> => ({
      call: await this.#wholeCall(call),
      children: await wholeNodes(children),
    })
    const wholeNodes = async (nodes: CallNode[]): Promise<CallNode[]> => {
      const whole: CallNode[] = []
      for (const node of nodes) whole.push(await wholeNode(node))
      return whole
    }
    return toOperation(await wholeNodes(operation.calls))
  }

  async #wholeCall(call: Call): Promise<Call> {
    const known = this.#known.get(call)
    const begin = known?.begin && (await recordAt(known.begin.segment, known.begin.offset))
    const end = known?.end && (await recordAt(known.end.segment, known.end.offset))
    if (begin?.kind !== "begin" || (end !== undefined && end.kind !== "end")) return call
    return end ? toCall(begin, end) : { ...toCall(begin, undefined), state: call.state }
  }

  /** Operations of calls near the ends of an hour, or that have lines in two segments, grouped anew, oldest first. */
  async #crossing(segments: Segment[]): Promise<LightOperation[]> {
    const open = new Map<string, Call>()
    const calls: Call[] = []
    const ends: { head: EndHead; place: Place }[] = []
    for (const segment of segments) {
      const { columns, orphans, damage } = await this.#index(segment)
      this.#damage.addCounts(damage)
      for (const [from, to] of operationRows(columns)) {
        if (!isEdge(segment, columns, from, to)) continue
        for (let row = from; row < to; row++) {
          const call = this.#callAt(segment, columns, row)
          calls.push(call)
          if (call.state !== "ended") open.set(call.id, call)
        }
      }
      for (const { head, offset } of orphans) ends.push({ head, place: { segment, offset } })
    }
    for (const { head, place } of ends) {
      const call = open.get(head.id)
      if (!call) {
        this.#damage.add("orphan", place.segment.name, place.offset)
        continue
      }
      open.delete(head.id)
      Object.assign(call, head.end, head.config, { state: "ended" })
      Object.assign(this.#known.get(call) ?? {}, { summary: head.summary, end: place })
    }
    await this.#judge(open.values())
    return toOperations(calls).map((operation) => this.#withSummaries(operation))
  }

  /** Running or killed: the process of a call that never ended is looked up, by its begin line. */
  async #judge(open: Iterable<Call>): Promise<void> {
    if (!this.#capture.isLive) return
    const processOf = processes()
    for (const call of open) {
      const isAlive = processOf(call)
      if (isAlive) call.state = isAlive() ? "running" : "killed"
    }
  }

  #operationAt(segment: Segment, columns: Columns, from: number, to: number): LightOperation {
    const top: CallNode[] = []
    const path: CallNode[] = []
    for (let row = from; row < to; row++) {
      const level = columns.small.level[row] ?? 0
      const node: CallNode = { call: this.#callAt(segment, columns, row), children: [] }
      const siblings = level === 0 ? top : path[level - 1]?.children
      siblings?.push(node)
      path[level] = node
    }
    return this.#withSummaries(toOperation(top))
  }

  #callAt(segment: Segment, columns: Columns, row: number): Call {
    const call = callAt(columns, row)
    const { begin, end } = placesAt(columns, row)
    this.#known.set(call, {
      summary: summaryAt(columns, row),
      begin: { segment, offset: begin },
      ...(end < 0 ? {} : { end: { segment, offset: end } }),
    })
    return call
  }

  #withSummaries(operation: Operation): LightOperation {
    const summaries = new Map<string, CallSummary>()
    for (const { call } of walk(operation.calls)) summaries.set(call.id, this.#known.get(call)?.summary ?? {})
    return { ...operation, summaries }
  }

  async #index(segment: Segment): Promise<Index> {
    const kept = this.#unwritten.get(segment.name)
    if (kept) return kept
    const file = isFile(segment) && this.#capture.isLive ? segment : undefined
    const found = file && (await readIndex(file))
    if (found) return found
    const built = await buildIndex(segment, (bytes) =>
      this.#progress?.(`reading ${segment.name}: ${Math.round((100 * bytes) / Math.max(1, segment.sizeBytes))} %`),
    )
    const isSealed = file && segment.startMs !== undefined && segment.startMs + HOUR_MS + EDGE_MS < Date.now()
    if (!isSealed || !(await writeIndex(file, built))) this.#unwritten.set(segment.name, built)
    return built
  }
}

function needsStreams(filter: Filter): boolean {
  return sourceOf(filter) === "stream"
}

/** Rows of each operation, half-open. */
function* operationRows({ rows, small }: Columns): Generator<[number, number]> {
  let from = 0
  for (let row = 1; row <= rows; row++) {
    if (row < rows && small.first[row] !== 1) continue
    yield [from, row]
    from = row
  }
}

function isEdge({ startMs }: Segment, { numbers, texts, small }: Columns, from: number, to: number): boolean {
  if (startMs === undefined) return hasOpen(small, numbers, from, to)
  const firstMs = numbers.wallMs[from] ?? 0
  const endMs = (numbers.wallMs[to - 1] ?? 0) + (numbers.durationMs[to - 1] || 0)
  if (firstMs < startMs + EDGE_MS || endMs > startMs + HOUR_MS - EDGE_MS) return true
  // Its parent began in the hour before.
  return (texts.parent[from] ?? 0) !== 0 || hasOpen(small, numbers, from, to)
}

function hasOpen(small: Columns["small"], numbers: Columns["numbers"], from: number, to: number): boolean {
  for (let row = from; row < to; row++) if (small.as[row] === 0 && numbers.end[row] === -1) return true
  return false
}

function isFile(segment: Segment): segment is FileSegment {
  return "path" in segment
}
