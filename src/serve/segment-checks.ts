import { type CallCheck, CallChecker } from "../model/lint/linter.ts"
import { CheckPacker, type PackedChecks, unpackChecks } from "../model/lint/packed-checks.ts"
import { type Operation, walk } from "../model/operation.ts"
import type { Segment } from "../store/capture/segments.ts"
import { keepChecks, readChecks } from "../store/query/kept-checks.ts"
import { TimeSlice } from "../store/query/time-slice.ts"
import type { Session } from "./session.ts"

/** Checks the calls of operations, one segment at a time, and keeps the results beside segments that no longer grow. */
export class SegmentChecks {
  readonly #session: Session
  readonly #ruleSet: string | undefined
  readonly #checker = new CallChecker(0)
  readonly #slice = new TimeSlice()

  /** `ruleSet`: results of other rules are not used; undefined: nothing is kept. */
  constructor(session: Session, ruleSet: string | undefined) {
    this.#session = session
    this.#ruleSet = ruleSet
  }

  /**
   * Calls `note` for each of the operations: all that are in this segment alone; or those that are in no single segment,
   * and no segment.
   */
  async of(
    segment: Segment | undefined,
    operations: readonly Operation[],
    note: (operation: Operation, checks: readonly CallCheck[]) => void = () => undefined,
  ): Promise<void> {
    const kept = segment && readChecks(segment, this.#ruleSet)
    const packer = new CheckPacker(kept)
    let areKept = true
    for (const operation of [...operations].sort(mostUrgentFirst)) {
      await this.#slice.pauseIfOver()
      const known = kept && checksOf(kept, operation)
      const checks = known ?? this.#checker.check(await this.#session.whole(operation))
      note(operation, checks)
      if (known) continue
      packer.add(operation.id, checks)
      areKept = false
    }
    if (segment && !areKept) keepChecks(segment, packer.packed, this.#ruleSet)
  }
}

/** Undefined if the operation has other calls than those that were checked. */
function checksOf(packed: PackedChecks, { id, calls }: Operation): CallCheck[] | undefined {
  return unpackChecks(
    packed,
    id,
    walk(calls).map(({ call }) => call),
  )
}

/** What failed comes first, then the newest. */
function mostUrgentFirst(a: Operation, b: Operation): number {
  return Number(a.outcome === "ok") - Number(b.outcome === "ok") || b.wallMs - a.wallMs
}
