import { effect, signal } from "@preact/signals"
import type { OperationSummary } from "../../model/packed-operations.ts"
import { operations } from "./capture.ts"

/** Few enough that what is drawn from all of them may follow each change. */
const FEW = 3_000
const PAUSE_MS = 1_000

/** The operations, at most once a second when there are many: for views that look at all of them at once. */
export const settled = signal<readonly OperationSummary[]>([])

let isWaiting = false
effect(() => {
  if (operations.value.length <= FEW || settled.peek().length === 0) settled.value = operations.value
  else if (!isWaiting) {
    isWaiting = true
    setTimeout(() => {
      isWaiting = false
      settled.value = operations.peek()
    }, PAUSE_MS)
  }
})
