import { FindingGroups } from "../model/lint/finding-groups.ts"
import { findingsByRule, type RuleFindings } from "../model/lint/findings-by-rule.ts"
import type { CallCheck } from "../model/lint/linter.ts"
import { isOperationOver } from "../model/operation.ts"
import type { OperationSummary } from "../model/packed-operations.ts"
import type { Review } from "../model/review.ts"
import type { Segment } from "../store/capture/segments.ts"
import { TimeSlice } from "../store/query/time-slice.ts"
import type { SegmentChecks } from "./segment-checks.ts"
import type { Session } from "./session.ts"

/**
 * Reviews what a capture holds when it is opened. What each call shows by itself is found first, in the newest segment
 * first; then the rules about several operations and the ledger get all operations in order, without their streams.
 */
export class FirstReview {
  readonly #session: Session
  readonly #checks: SegmentChecks
  readonly #found = new FindingGroups()
  /** IDs of the operations whose findings are in `#found` */
  readonly #counted = new Set<string>()

  constructor(session: Session, checks: SegmentChecks) {
    this.#session = session
    this.#checks = checks
  }

  /** Number of operations whose calls were checked. */
  get size(): number {
    return this.#counted.size
  }

  /** What was found so far, without the findings of the rules about several operations. */
  rules(): RuleFindings[] {
    return findingsByRule(this.#found.list())
  }

  /** Finds what the calls of these operations show by themselves, as far as no more calls can follow. */
  async check(
    operations: readonly OperationSummary[],
    nowMs: number,
  ): Promise<ReadonlyMap<string, readonly CallCheck[]>> {
    const checksOf = new Map<string, readonly CallCheck[]>()
    const over = operations.filter((operation) => isOperationOver(operation, nowMs))
    for (const [segment, own] of [...(await this.#session.bySegment(over))].sort(newestFirst)) {
      await this.#checks.of(segment, own, ({ id }, checks) => {
        checksOf.set(id, checks)
        if (this.#counted.has(id)) return
        this.#counted.add(id)
        for (const { findings } of checks) for (const finding of findings) this.#found.add(finding)
      })
    }
    return checksOf
  }

  /** Adds these operations to the review. Those of which more calls may follow are added with their streams. */
  async addTo(review: Review, operations: readonly OperationSummary[]): Promise<void> {
    const nowMs = Date.now()
    const checksOf = await this.check(operations, nowMs)
    const slice = new TimeSlice()
    for (const operation of operations.toSorted((a, b) => a.wallMs - b.wallMs)) {
      await slice.pauseIfOver()
      const checks = checksOf.get(operation.id)
      if (checks) review.add(operation, nowMs, checks)
      else review.add(await this.#session.whole(operation), Date.now())
    }
  }
}

type SegmentOperations = [segment: Segment | undefined, operations: OperationSummary[]]

/** What is in no single segment may be new. */
function newestFirst([a]: SegmentOperations, [b]: SegmentOperations): number {
  return (b?.startMs ?? Number.POSITIVE_INFINITY) - (a?.startMs ?? Number.POSITIVE_INFINITY) || 0
}
