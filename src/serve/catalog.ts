import type { Call } from "../model/call.ts"
import { factOf, PAGE_TEXT_FACTS, type PageTextFact } from "../model/call-schema.ts"
import { calledList, judgeLists } from "../model/incomplete-list.ts"
import { type Operation, toOperation, toOperations, walk } from "../model/operation.ts"
import { type CallSummary, type OperationSummary, summariesOf } from "../model/packed-operations.ts"
import type { SummarizedCall } from "../store/query/call-feed.ts"
import { CallFamilies, type CallFamily } from "./call-families.ts"

/** Changes after a version: new and changed operations, and IDs that are no longer those of an operation. */
export type Changes = { version: number; operations: OperationSummary[]; removed: string[] }

/**
 * The operations of a capture without their streams, each with the version at which it last changed, so that a page that
 * reconnects gets exactly what it missed. Calls may be added in any order, and again with more facts.
 */
export class Catalog {
  #version = 0
  readonly #families = new CallFamilies()
  readonly #summaries = new Map<string, CallSummary>()
  /** by ID, in order of their last change: a Map keeps insertion order, and a changed operation is inserted again */
  readonly #operations = new Map<string, { version: number; operation: OperationSummary }>()
  /** by call: the operation of `putRecent` */
  readonly #recent = new Map<string, string>()
  readonly #texts = new Map<string, string>()
  #removed: { version: number; id: string }[] = []
  /** `changesSince` does not know what was removed before this version */
  #resumableFrom = 0
  /** by network: the different ways in which its plugins were called */
  readonly #variants = new Map<string, Set<string>>()
  #hasVariants = false
  #isJudged = true
  /** by ID: operations without the verdict that other operations have shown */
  readonly #unjudged = new Map<string, OperationSummary>()

  get version(): number {
    return this.#version
  }

  get size(): number {
    return this.#operations.size
  }

  put(calls: Iterable<SummarizedCall>): void {
    const changed = new Set<CallFamily>()
    for (const { call, summary } of calls) {
      changed.add(this.#families.add(this.#shared(call)))
      this.#setSummary(call.id, summary)
    }
    this.#regroupAll(changed)
  }

  /** Shows operations until `putOperations` has the same calls, which it then groups among all others. */
  putRecent(operations: Iterable<OperationSummary>): void {
    this.#version++
    for (const operation of operations) {
      this.#insert(operation)
      for (const { call } of walk(operation.calls)) this.#recent.set(call.id, operation.id)
    }
    this.#isJudged = false
  }

  /** Adds operations that were grouped among all calls of the capture: their calls are not grouped again. */
  putOperations(operations: Iterable<OperationSummary>): void {
    this.#version++
    const changed = new Set<CallFamily>()
    for (const operation of operations) {
      const calls = walk(operation.calls).map(({ call }) => call)
      for (const { id } of calls) this.#replaceRecent(id, operation.id)
      if (this.#families.addGrouped(operation.id, calls)) this.#insert(withoutVerdictOfOthers(operation))
      else {
        const family = this.#families.addTogether(calls.map((call) => this.#shared(call)))
        if (family) changed.add(family)
      }
      for (const { id } of calls) this.#setSummary(id, operation.summaries.get(id))
      this.#isJudged = false
    }
    this.#regroupAll(changed)
  }

  #replaceRecent(callId: string, operationId: string): void {
    const recent = this.#recent.get(callId)
    if (recent === undefined) return
    // The operation has the ID of its first call: if that is known to be elsewhere, it was replaced or removed before.
    const isShown = this.#recent.has(recent)
    this.#recent.delete(callId)
    if (isShown && recent !== operationId) this.#remove(recent)
  }

  #setSummary(callId: string, summary: CallSummary | undefined): void {
    if (summary?.reason === undefined && summary?.ips === undefined) this.#summaries.delete(callId)
    else this.#summaries.set(callId, summary)
  }

  /** The operation that a call belongs to. */
  operationOf(callId: string): OperationSummary | undefined {
    const recent = this.#recent.get(callId)
    const ids = recent === undefined ? this.#families.of(callId)?.operations : [recent]
    for (const id of ids ?? []) {
      const operation = this.#operations.get(id)?.operation
      if (operation && walk(operation.calls).some(({ call }) => call.id === callId)) return operation
    }
    return undefined
  }

  /** Whether `changesSince` this version is complete. */
  canResume(version: number): boolean {
    return version >= this.#resumableFrom
  }

  /** Removes the operations that ended before, and returns them. A server that runs for weeks must not keep all of them. */
  forget(beforeMs: number): OperationSummary[] {
    const forgotten: OperationSummary[] = []
    for (const family of this.#families.all()) {
      const own = [...family.operations].flatMap((id) => this.#operations.get(id)?.operation ?? [])
      if (!own.every((operation) => endedBefore(operation, beforeMs))) continue
      this.#families.delete(family)
      for (const operation of own) {
        this.#remove(operation.id)
        for (const { call } of walk(operation.calls)) this.#summaries.delete(call.id)
        forgotten.push(operation)
      }
    }
    if (forgotten.length === 0) return forgotten
    // Texts of the other operations are shared anyway.
    this.#texts.clear()
    const oldest = this.#removed.length - MOST_REMOVED
    if (oldest > 0) {
      this.#resumableFrom = this.#removed[oldest - 1]?.version ?? 0
      this.#removed = this.#removed.slice(oldest)
    }
    return forgotten
  }

  #remove(id: string): void {
    this.#operations.delete(id)
    this.#unjudged.delete(id)
    this.#removed.push({ version: ++this.#version, id })
  }

  /** Newest start first. */
  newestFirst(): OperationSummary[] {
    this.#judgeLists()
    return [...this.#operations.values()].map(({ operation }) => operation).sort((a, b) => b.wallMs - a.wallMs)
  }

  changesSince(version: number): Changes {
    this.#judgeLists()
    const operations: OperationSummary[] = []
    for (const entry of [...this.#operations.values()].reverse()) {
      if (entry.version <= version) break
      operations.push(entry.operation)
    }
    const removed = this.#removed.filter((entry) => entry.version > version).map(({ id }) => id)
    return { version: this.#version, operations, removed: removed.filter((id) => !this.#operations.has(id)) }
  }

  /** Each call was parsed from its own line: equal texts are stored once for all of them. */
  #shared(call: Call): Call {
    const same = (text: string) => {
      const known = this.#texts.get(text)
      if (known === undefined) this.#texts.set(text, text)
      return known ?? text
    }
    for (const name of CALL_TEXTS) {
      const text = call[name]
      if (text !== undefined) call[name] = same(text)
    }
    if (call.pod) {
      const { namespace, name } = call.pod
      call.pod = { ...call.pod, ...(namespace ? { namespace: same(namespace) } : {}), name: same(name) }
    }
    return call
  }

  #regroupAll(changed: Iterable<CallFamily>): void {
    for (const family of changed) {
      if (family.calls.length > 0) this.#regroup(family)
      this.#isJudged = false
    }
  }

  #regroup(family: CallFamily): void {
    this.#version++
    const operations = toOperations(family.calls)
    const ids = new Set(operations.map(({ id }) => id))
    for (const id of family.operations) {
      if (ids.has(id)) continue
      this.#operations.delete(id)
      this.#unjudged.delete(id)
      this.#removed.push({ version: this.#version, id })
    }
    family.operations = ids
    for (const operation of operations) {
      const known = this.#operations.get(operation.id)?.operation
      if (known && isSame(known, operation)) continue
      const summaries = summariesOf(operation, ({ id }) => this.#summaries.get(id))
      this.#insert({ ...operation, summaries })
    }
  }

  #insert(operation: OperationSummary): void {
    this.#operations.delete(operation.id)
    this.#unjudged.delete(operation.id)
    this.#seeList(operation)
    this.#operations.set(operation.id, { version: this.#version, operation })
  }

  #seeList(operation: Operation): void {
    const list = calledList(operation)
    if (!list) return
    const variants = this.#variants.get(list.key) ?? new Set()
    this.#variants.set(list.key, variants.add(list.plugins.join()))
    if (variants.size > 1) this.#hasVariants = true
  }

  /** A later operation may show that the runtime did not call the whole list of an earlier one, or that it did. */
  #judgeLists(): void {
    if (this.#isJudged || !this.#hasVariants) return
    this.#isJudged = true
    const operations = Array.from(
      this.#operations.values(),
      ({ operation }) => this.#unjudged.get(operation.id) ?? operation,
    ).sort((a, b) => a.wallMs - b.wallMs)
    for (const [at, judged] of judgeLists(operations).entries()) {
      const own = operations[at]
      const shown = this.#operations.get(judged.id)?.operation
      if (!own || !shown || isSameReason(shown, judged)) continue
      if (judged === own) this.#unjudged.delete(own.id)
      else this.#unjudged.set(own.id, own)
      this.#operations.delete(judged.id)
      this.#operations.set(judged.id, { version: ++this.#version, operation: judged })
    }
  }
}

/** What other operations show changes as more of them are known. */
function withoutVerdictOfOthers(operation: OperationSummary): OperationSummary {
  if (operation.outcomeReason?.kind !== "incomplete-list") return operation
  return { ...toOperation(operation.calls), summaries: operation.summaries }
}

function endedBefore({ outcome, wallMs, durationMs }: Operation, beforeMs: number): boolean {
  return outcome !== "running" && wallMs + (durationMs ?? 0) < beforeMs
}

/** What a page that was away missed; one that was away for longer gets everything again. */
const MOST_REMOVED = 20_000

type CallText = Extract<PageTextFact, keyof Call>
const CALL_TEXTS = PAGE_TEXT_FACTS.filter((name): name is CallText => factOf(name).path === undefined)

function isSame(a: Operation, b: Operation): boolean {
  const [ofA, ofB] = [walk(a.calls), walk(b.calls)]
  return (
    ofA.length === ofB.length &&
    ofA.every(({ call, level }, at) => {
      const other = ofB[at]
      return other !== undefined && other.call === call && other.level === level
    })
  )
}

function isSameReason({ outcomeReason: a }: Operation, { outcomeReason: b }: Operation): boolean {
  return a?.kind === b?.kind && a?.plugin === b?.plugin
}
