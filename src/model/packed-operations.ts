import { type Call, resultOf } from "./call.ts"
import {
  type FactName,
  factOf,
  factReader,
  type NumberFact,
  PAGE_NUMBER_FACTS,
  PAGE_TEXT_FACTS,
  type PageNumberFact,
  type PageTextFact,
  perFact,
  SHARED_FACTS,
  type SharedFact,
  type TextFact,
} from "./call-schema.ts"
import { callWithoutStreams, type FactReader } from "./call-without-streams.ts"
import { exitNumber } from "./exit-number.ts"
import { abbreviate, errorTextOf } from "./explain/error-text.ts"
import { type CallNode, type Operation, toOperation, walk } from "./operation.ts"
import { incompleteList } from "./outcome.ts"
import { addressesOf } from "./result/result-fields.ts"

type OwnTextFact = Exclude<PageTextFact, SharedFact>

/**
 * Operations as columns, without streams and environment: what a list, a waterfall and statistics need, in a tenth of the
 * JSON of the calls. One entry per call, in tree order; -1 for a missing number. Texts are indexes into `strings`.
 */
export type PackedOperations = {
  /** every distinct text once; 0 is "no text" */
  strings: string[]
  /** distinct sets of shared texts, in the order of `SHARED_FACTS` */
  contexts: number[][]
  /** index into `contexts` */
  context: number[]
  /** 1 for the first call of an operation */
  first: number[]
  /** 0 for a top-level call, else its depth below the top-level call before it */
  level: number[]
  id: string[]
  /** operations of which the runtime did not call the whole list: position of the first call, and the plugin it stopped at */
  incomplete: [call: number, plugin: number][]
  /** the call's summary as JSON */
  summary: number[]
} & Record<OwnTextFact | PageNumberFact, number[]>

/** What a list shows of a call beyond its facts: why it failed, and the addresses in its result. */
export type CallSummary = { reason?: string; ips?: string[] }

/** Of most calls. */
export const NO_SUMMARY: CallSummary = {}

/** An operation whose calls have neither streams nor environment; `summaries` by ID of the calls that have one. */
export type OperationSummary = Operation & { summaries: ReadonlyMap<string, CallSummary> }

export function summariesOf(
  { calls }: Operation,
  summaryOf: (call: Call) => CallSummary | undefined,
): OperationSummary["summaries"] {
  let summaries: Map<string, CallSummary> | undefined
  for (const { call } of walk(calls)) {
    const summary = summaryOf(call) ?? NO_SUMMARY
    if (summary.reason === undefined && summary.ips === undefined) continue
    summaries ??= new Map()
    summaries.set(call.id, summary)
  }
  return summaries ?? NO_SUMMARIES
}

const NO_SUMMARIES: OperationSummary["summaries"] = new Map()

const REASON_CHARACTERS = 300
const MISSING = -1

const OWN_TEXT_FACTS = PAGE_TEXT_FACTS.filter((name): name is OwnTextFact => !factOf(name).isShared)
const readFact = perFact([...PAGE_TEXT_FACTS, ...PAGE_NUMBER_FACTS], (name) => factReader(name))

export function summarize(call: Call): CallSummary {
  const ips = addressesOf(resultOf(call))
  const reason = reasonIn(call)
  return { ...(reason ? { reason } : {}), ...(ips.length > 0 ? { ips } : {}) }
}

/** Why a call that did not exit with 0 failed, in one line, as its streams state it. */
export function reasonIn(call: Call): string | undefined {
  const isOk = call.exit !== undefined && "code" in call.exit && call.exit.code === 0
  const reason = isOk ? undefined : errorTextOf(call)
  return reason && abbreviate(reason, REASON_CHARACTERS)
}

export function packOperations(operations: Iterable<OperationSummary>): PackedOperations {
  const strings = new Numbering([""])
  const packed = emptyPacked()
  packed.strings = strings.values
  const contextOf = contextNumbering(packed, strings)
  // In arrays: looking readers and columns up by name would be slow for each call.
  const texts = OWN_TEXT_FACTS.map((name) => ({ read: readFact[name], into: packed[name] }))
  const numbers = PAGE_NUMBER_FACTS.map((name) => ({ read: numberReader(name), into: packed[name] }))
  for (const operation of operations) {
    const { outcomeReason } = operation
    if (outcomeReason?.kind === "incomplete-list")
      packed.incomplete.push([packed.id.length, strings.numberOf(outcomeReason.plugin ?? "")])
    let first = 1
    for (const { call, level } of walk(operation.calls)) {
      packed.context.push(contextOf(call))
      packed.first.push(first)
      packed.level.push(level)
      packed.id.push(call.id)
      for (const { read, into } of texts) into.push(strings.numberOf((read(call) as string | undefined) ?? ""))
      for (const { read, into } of numbers) into.push(read(call))
      const summary = operation.summaries.get(call.id)
      packed.summary.push(strings.numberOf(summary?.reason || summary?.ips ? JSON.stringify(summary) : ""))
      first = 0
    }
  }
  return packed
}

function emptyPacked(): PackedOperations {
  const own = perFact([...OWN_TEXT_FACTS, ...PAGE_NUMBER_FACTS], () => [] as number[])
  return { strings: [], contexts: [], context: [], first: [], level: [], id: [], incomplete: [], summary: [], ...own }
}

/** Numbers the sets of shared texts. Nearly always a call has those of the call before it. */
function contextNumbering({ contexts }: PackedOperations, strings: Numbering): (call: Call) => number {
  const numbers = new Numbering([])
  const readers = SHARED_FACTS.map((name) => readFact[name])
  const last: unknown[] = []
  let number = -1
  return (call) => {
    let isSame = number >= 0
    for (const [at, read] of readers.entries()) {
      const value = read(call)
      if (value === last[at]) continue
      last[at] = value
      isSame = false
    }
    if (isSame) return number
    const context = last.map((value) => strings.numberOf((value as string | undefined) ?? ""))
    number = numbers.numberOf(context.join())
    contexts[number] ??= context
    return number
  }
}

function numberReader(name: PageNumberFact): (call: Call) => number {
  if (name === "exit") return ({ exit }) => exitNumber(exit)
  const read = readFact[name]
  const { values } = factOf(name)
  if (!values) return (call) => (read(call) as number | undefined) ?? MISSING
  return (call) => values.indexOf(String(read(call)))
}

export function unpackOperations(packed: PackedOperations): OperationSummary[] {
  const operations: OperationSummary[] = []
  const reader = new PackedReader(packed)
  const incomplete = new Map(packed.incomplete)
  while (reader.at < packed.id.length) {
    const top: CallNode[] = []
    const path: CallNode[] = []
    const summaries = new Map<string, CallSummary>()
    const plugin = incomplete.get(reader.at)
    do {
      const call = callWithoutStreams(reader)
      const node: CallNode = { call, children: [] }
      const level = packed.level[reader.at] ?? 0
      path.length = level
      const siblings = path.at(-1)?.children ?? top
      siblings.push(node)
      path.push(node)
      const summary = reader.string(packed.summary[reader.at])
      if (summary) summaries.set(call.id, JSON.parse(summary) as CallSummary)
      reader.at++
    } while (reader.at < packed.id.length && packed.first[reader.at] !== 1)
    const verdict = plugin === undefined ? {} : incompleteList(reader.string(plugin))
    operations.push({ ...toOperation(top), ...verdict, summaries })
  }
  return operations
}

class PackedReader implements FactReader {
  at = 0
  readonly #packed: PackedOperations

  constructor(packed: PackedOperations) {
    this.#packed = packed
  }

  id(): string {
    return this.#packed.id[this.at] ?? ""
  }

  text(name: TextFact): string {
    const shared = SHARED_INDEX.get(name)
    if (shared === undefined) return this.string(this.#column(name)?.[this.at])
    return this.string(this.#packed.contexts[this.#packed.context[this.at] ?? 0]?.[shared])
  }

  number(name: NumberFact): number {
    const number = this.#column(name)?.[this.at] ?? MISSING
    return number === MISSING ? Number.NaN : number
  }

  string(number: number | undefined): string {
    return this.#packed.strings[number ?? 0] ?? ""
  }

  /** The index alone has some of the facts. */
  #column(name: Exclude<FactName, "id">): number[] | undefined {
    return (this.#packed as Partial<Record<Exclude<FactName, "id">, number[]>>)[name]
  }
}

const SHARED_INDEX: ReadonlyMap<FactName, number> = new Map(SHARED_FACTS.map((name, index) => [name, index]))

/** Numbers distinct values in order of first appearance. */
class Numbering {
  readonly values: string[] = []
  readonly #numbers = new Map<string, number>()

  constructor(values: string[]) {
    for (const value of values) this.numberOf(value)
  }

  numberOf(value: string): number {
    const known = this.#numbers.get(value)
    if (known !== undefined) return known
    this.#numbers.set(value, this.values.length)
    return this.values.push(value) - 1
  }
}
