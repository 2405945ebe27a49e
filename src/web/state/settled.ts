import { effect, signal } from "@preact/signals"
import type { OperationSummary } from "../../model/packed-operations.ts"
import { operations } from "./capture.ts"

/** Up to this number, views of all operations are redrawn at each change. */
const MOST_IMMEDIATE = 3_000
const PAUSE_MS = 1_000

/** The operations, updated at most once per second if there are many: for views that draw all of them. */
export const settled = signal<readonly OperationSummary[]>([])

let isWaiting = false
effect(() => {
  if (operations.value.length <= MOST_IMMEDIATE || settled.peek().length === 0) settled.value = operations.value
  else if (!isWaiting) {
    isWaiting = true
    setTimeout(() => {
      isWaiting = false
      settled.value = operations.peek()
    }, PAUSE_MS)
  }
})
