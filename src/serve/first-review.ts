import { FindingGroups } from "../model/lint/finding-groups.ts"
import { findingsByRule, type RuleFindings } from "../model/lint/findings-by-rule.ts"
import { type CallCheck, CallChecker } from "../model/lint/linter.ts"
import { CheckPacker, type PackedChecks, unpackChecks } from "../model/lint/packed-checks.ts"
import { RULE_SET } from "../model/lint/rule-set.ts"
import { isOperationOver, type Operation, walk } from "../model/operation.ts"
import type { OperationSummary } from "../model/packed-operations.ts"
import type { Review } from "../model/review.ts"
import type { Segment } from "../store/capture/segments.ts"
import { keepChecks, readChecks } from "../store/query/kept-checks.ts"
import { TimeSlice } from "../store/query/time-slice.ts"
import type { Session } from "./session.ts"

/**
 * Reviews what a capture holds when it is opened. What each call shows by itself is found first, newest segment first, and
 * kept beside the segments that no longer grow; then the rules about several operations and the ledger get all operations
 * in order, without their streams.
 */
export class FirstReview {
  readonly #session: Session
  readonly #ruleSet: string | undefined
  readonly #checker = new CallChecker(0)
  readonly #found = new FindingGroups()
  readonly #slice = new TimeSlice()
  #checked = 0

  /** `ruleSet`: kept results of other rules are not used. */
  constructor(session: Session, ruleSet = RULE_SET) {
    this.#session = session
    this.#ruleSet = ruleSet
  }

  /** Number of operations checked by themselves. */
  get size(): number {
    return this.#checked
  }

  /** What was found so far: without the findings of the rules about several operations. */
  rules(): RuleFindings[] {
    return findingsByRule(this.#found.list())
  }

  /** Adds these operations to the review. Those of which more calls may follow are added with their streams. */
  async addTo(review: Review, operations: readonly OperationSummary[]): Promise<void> {
    const nowMs = Date.now()
    const packed = new Map<string, PackedChecks>()
    const over = operations.filter((operation) => isOperationOver(operation, nowMs))
    const groups = [...(await this.#session.bySegment(over))].sort(newestFirst)
    for (const [segment, own] of groups) {
      const checks = await this.#checksOf(segment, own)
      for (const { id } of own) packed.set(id, checks)
    }
    for (const operation of operations.toSorted((a, b) => a.wallMs - b.wallMs)) {
      await this.#slice.pauseIfOver()
      const own = packed.get(operation.id)
      const checks = own && unpackChecks(own, operation.id, callsOf(operation))
      if (checks) review.add(operation, nowMs, checks)
      else review.add(await this.#session.whole(operation), Date.now())
    }
  }

  async #checksOf(segment: Segment | undefined, operations: readonly OperationSummary[]): Promise<PackedChecks> {
    const kept = segment && readChecks(segment, this.#ruleSet)
    const packer = new CheckPacker()
    let areKept = true
    // What failed comes first: its findings are the most urgent.
    for (const operation of [...operations].sort(mostUrgentFirst)) {
      await this.#slice.pauseIfOver()
      const known = kept && unpackChecks(kept, operation.id, callsOf(operation))
      if (!known) areKept = false
      const checks = known ?? this.#checker.check(await this.#session.whole(operation))
      packer.add(operation.id, checks)
      this.#note(checks)
    }
    if (segment && !areKept) keepChecks(segment, packer.packed, this.#ruleSet)
    return packer.packed
  }

  #note(checks: readonly CallCheck[]): void {
    this.#checked++
    for (const { findings } of checks) for (const finding of findings) this.#found.add(finding)
  }
}

function callsOf({ calls }: Operation) {
  return Array.from(walk(calls), ({ call }) => call)
}

type Group = [segment: Segment | undefined, operations: OperationSummary[]]

/** What is in no single segment, or in one that has no hour, is not known to be old. */
function newestFirst([a]: Group, [b]: Group): number {
  return (b?.startMs ?? Number.POSITIVE_INFINITY) - (a?.startMs ?? Number.POSITIVE_INFINITY) || 0
}

function mostUrgentFirst(a: Operation, b: Operation): number {
  return Number(a.outcome === "ok") - Number(b.outcome === "ok") || b.wallMs - a.wallMs
}
