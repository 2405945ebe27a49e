import type { CaptureRecord, Payload } from "../../../capture/record.ts"
import { type Call, isFailed, resultOf, toCall } from "../../../model/call.ts"
import { type CallNode, type Operation, toOperation, walk } from "../../../model/operation.ts"
import { incompleteList } from "../../../model/outcome.ts"
import { type CallSummary, type OperationSummary, summariesOf } from "../../../model/packed-operations.ts"
import { answerOf } from "../../../model/result/answer.ts"
import { addressesOf } from "../../../model/result/result-fields.ts"
import type { OpenRecords } from "../../capture/follower.ts"
import { LineReader } from "../../capture/line-reader.ts"
import type { RecordLocation } from "../../capture/records.ts"
import type { Segment } from "../../capture/segments.ts"
import type { Block } from "../block.ts"
import { NO_LINE, RowReader, summaryAt } from "../columns.ts"
import type { Candidates } from "./candidates.ts"

/** Where the records of a call are, and what a list shows of its streams. */
type CallSource = {
  summary: CallSummary
  begin: RecordLocation
  /** the last progress record of a call without an end */
  progress?: RecordLocation | undefined
  end?: RecordLocation | undefined
}

/** The same of a call whose lines are in one block. A server holds a hundred thousand: one small object each. */
class BlockSource implements CallSource {
  readonly summary: CallSummary
  readonly #segment: Segment
  readonly #begin: number
  readonly #end: number | undefined

  constructor(summary: CallSummary, segment: Segment, begin: number, end: number | undefined) {
    this.summary = summary
    this.#segment = segment
    this.#begin = begin
    this.#end = end
  }

  get begin(): RecordLocation {
    return { segment: this.#segment, offset: this.#begin }
  }

  get end(): RecordLocation | undefined {
    return this.#end === undefined ? undefined : { segment: this.#segment, offset: this.#end }
  }
}

/** Makes calls without streams from columns, remembers where their records are, and reads the streams from there. */
export class SummaryReader {
  readonly #sources = new WeakMap<Call, CallSource>()
  readonly #lines = new LineReader()
  readonly #rows = new RowReader()

  operation(segment: Segment, block: Block, operation: number): OperationSummary {
    const { operations, numbers, rows } = block.columns
    const to = operations.from[operation + 1] ?? rows
    const top: CallNode[] = []
    const path: CallNode[] = []
    for (let row = operations.from[operation] ?? 0; row < to; row++) {
      const level = numbers.level[row] ?? 0
      const node: CallNode = { call: this.call(segment, block, row), children: [] }
      const siblings = level === 0 ? top : path[level - 1]?.children
      siblings?.push(node)
      path[level] = node
    }
    const plugin = block.incomplete?.get(operation)
    const read = toOperation(top)
    return this.withSummaries(plugin === undefined ? read : { ...read, ...incompleteList(plugin) })
  }

  call(segment: Segment, { header, columns }: Block, row: number): Call {
    const call = this.#rows.call(columns, row)
    const [begin = NO_LINE, end = NO_LINE] = [columns.numbers.begin[row], columns.numbers.end[row]]
    const endByte = end === NO_LINE ? undefined : header.fromByte + end
    this.#sources.set(call, new BlockSource(summaryAt(columns, row), segment, header.fromByte + begin, endByte))
    return call
  }

  /** Adds a call that was read without an index. */
  add(call: Call, source: CallSource): void {
    this.#sources.set(call, source)
  }

  /** Adds an end line that was found in another block. */
  setEnd(call: Call, end: RecordLocation, summary: CallSummary): void {
    const known = this.#sources.get(call)
    if (known) this.#sources.set(call, { summary, begin: known.begin, progress: known.progress, end })
  }

  /** Adds the last progress record of a call that has no end. */
  setProgress(call: Call, progress: RecordLocation): void {
    const known = this.#sources.get(call)
    if (known) this.#sources.set(call, { summary: known.summary, begin: known.begin, progress })
  }

  withSummaries(operation: Operation): OperationSummary {
    return Object.assign(operation, { summaries: summariesOf(operation, (call) => this.#sources.get(call)?.summary) })
  }

  /** What a list shows of the streams of a call that was read without them. */
  summaryOf(call: Call): CallSummary | undefined {
    return this.#sources.get(call)?.summary
  }

  /** The operation with its streams, which are read from its lines; a call whose lines were pruned has none. */
  whole(operation: Operation): Operation {
    const wholeNode = ({ call, children }: CallNode): CallNode => ({
      call: this.wholeCall(call),
      children: children.map(wholeNode),
    })
    const whole = toOperation(operation.calls.map(wholeNode))
    // Other operations show it, not the calls of this one.
    const { outcome, outcomeReason } = operation
    return outcomeReason?.kind === "incomplete-list" ? { ...whole, outcome, outcomeReason } : whole
  }

  /**
   * The operation of calls that were grouped without their streams: reads the answer of the last one, and the addresses of
   * the last one that has some.
   */
  ofGrouped(operation: Operation): OperationSummary {
    if (operation.command !== "ADD") return this.withSummaries(operation)
    const top = operation.calls.map(({ call }) => call)
    const last = top.pop()
    for (const call of top) delete call.answer
    if (last && last.answer === undefined && operation.outcome === "ok") {
      const answer = answerOf({ ...last, ...this.#resultStreams(last) })
      if (answer !== undefined && answer !== "result") last.answer = answer
    }
    this.#readAddresses(operation)
    return this.withSummaries(last?.answer === undefined ? operation : toOperation(operation.calls))
  }

  #readAddresses({ calls }: Operation): void {
    for (const { call } of calls.toReversed()) {
      const source = this.#sources.get(call)
      if (!source || isFailed(call)) continue
      if (source.summary.ips) return
      const ips = addressesOf(resultOf({ ...call, ...this.#resultStreams(call) }))
      if (ips.length === 0) continue
      const { summary, begin, progress, end } = source
      this.#sources.set(call, { summary: { ...summary, ips }, begin, progress, end })
      return
    }
  }

  /** What the result of a call is in. */
  #resultStreams(call: Call): Pick<Call, "stdin" | "stdout"> {
    const isProbe = call.as === "probe"
    const payload = isProbe ? this.stdin(call) : this.stdout(call)
    return payload === undefined ? {} : isProbe ? { stdin: payload } : { stdout: payload }
  }

  /** Whether one of the lines of a call may match. */
  isCandidate(call: Call, candidates: Candidates): boolean {
    const { begin, progress, end } = this.#sources.get(call) ?? {}
    return [begin, progress, end].some((location) => location && candidates.has(location.segment, location.offset))
  }

  /** Path of the segment that holds all records of an operation whose calls ended; undefined if there is none. */
  segmentOf({ calls }: Operation): string | undefined {
    let first: string | undefined
    for (const { call } of walk(calls)) {
      const source = this.#sources.get(call)
      const path = source?.begin.segment.path
      first ??= path
      if (path === undefined || path !== first) return undefined
      if (call.as !== "probe" && source?.end?.segment.path !== path) return undefined
    }
    return first
  }

  close(): void {
    this.#lines.close()
  }

  /** The begin record and the last progress record of a call without an end. Undefined if they were pruned. */
  openRecords(call: Call): OpenRecords | undefined {
    const { begin, progress } = this.#sources.get(call) ?? {}
    const [beginRecord, progressRecord] = [this.#record(begin), this.#record(progress)]
    if (!begin || beginRecord?.kind !== "begin") return undefined
    return {
      begin: { ...begin, record: beginRecord },
      ...(progress && progressRecord?.kind === "progress" ? { progress: { ...progress, record: progressRecord } } : {}),
    }
  }

  /** What a call was given; nearly always in its begin line. */
  stdin(call: Call): Payload | undefined {
    const { begin, end } = this.#sources.get(call) ?? {}
    return this.#stdin(begin) ?? this.#stdin(end)
  }

  /** What a call printed; so far, if it has no end. */
  stdout(call: Call): Payload | undefined {
    const { progress, end } = this.#sources.get(call) ?? {}
    const record = this.#record(end ?? progress)
    return record?.kind === "begin" ? undefined : record?.stdout
  }

  wholeCall(call: Call): Call {
    const { begin, progress, end } = this.#sources.get(call) ?? {}
    const beginRecord = this.#record(begin)
    const last = this.#record(end ?? progress)
    if (beginRecord?.kind !== "begin" || last?.kind === "begin") return call
    const whole = toCall(beginRecord, last)
    whole.state = call.state
    // The scan reads a truncated configuration as far as it goes; lists and calls must show the same.
    if (call.network !== undefined) whole.network = call.network
    if (call.cniVersion !== undefined) whole.cniVersion = call.cniVersion
    return whole
  }

  #stdin(location: RecordLocation | undefined): Payload | undefined {
    const record = this.#record(location)
    return record?.kind === "progress" ? undefined : record?.stdin
  }

  #record(location: RecordLocation | undefined): CaptureRecord | undefined {
    return location && this.#lines.record(location.segment, location.offset)
  }
}
