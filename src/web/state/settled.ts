import { effect, signal } from "@preact/signals"
import type { OperationSummary } from "../../model/packed-operations.ts"
import { operations } from "./capture.ts"
import { visible } from "./query.ts"
import { route } from "./route.ts"

/** Up to this number, views of all operations are redrawn at each change. */
const MOST_IMMEDIATE = 3_000
const PAUSE_MS = 1_000

/** The operations that match the filter, updated at most once per second if there are many: for views that draw all of them. */
export const settled = signal<readonly OperationSummary[]>([])
/** All operations, updated at the same moments. */
export const settledAll = signal<readonly OperationSummary[]>([])

let isWaiting = false
let settledFilter = ""
effect(() => {
  const { q } = route.value
  const isFew = operations.value.length <= MOST_IMMEDIATE || settledAll.peek().length === 0
  if (isFew || q !== settledFilter) settle(visible.value)
  else if (visible.value && !isWaiting) {
    isWaiting = true
    setTimeout(() => {
      isWaiting = false
      settle(visible.peek())
    }, PAUSE_MS)
  }
})

function settle(shown: readonly OperationSummary[]): void {
  settledFilter = route.peek().q
  settled.value = shown
  settledAll.value = operations.peek()
}
