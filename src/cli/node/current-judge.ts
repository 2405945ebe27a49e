import { type CurrentLists, judgeLists } from "../../model/incomplete-list.ts"
import type { Operation } from "../../model/operation.ts"

/** Reading the node's lists for each operation of a busy node would take longer than everything else. */
const MAX_AGE_MS = 2_000

/**
 * Judges operations that just ended by the lists that the node has now, as `readOperations` judges those of a capture: a
 * plugin that the runtime did not find leaves no call.
 */
export class CurrentJudge {
  readonly #read: () => CurrentLists | undefined
  readonly #nowMs: () => number
  #lists: CurrentLists | undefined
  #readMs = Number.NEGATIVE_INFINITY

  constructor(read: () => CurrentLists | undefined, nowMs: () => number) {
    this.#read = read
    this.#nowMs = nowMs
  }

  judge(operations: readonly Operation[]): Operation[] {
    if (operations.length === 0) return []
    if (this.#nowMs() - this.#readMs > MAX_AGE_MS) this.#refresh()
    const judged = judgeLists(operations, this.#lists)
    // A list that was made shorter meanwhile makes no operation incomplete.
    if (judged.every(({ outcome }, at) => outcome === operations[at]?.outcome)) return judged
    this.#refresh()
    return judgeLists(operations, this.#lists)
  }

  #refresh(): void {
    this.#lists = this.#read()
    this.#readMs = this.#nowMs()
  }
}
