import { effect, signal } from "@preact/signals"
import { operationLabel } from "../parts/list/operation-row.tsx"
import { isReady, operations, tally } from "./capture.ts"

/** What a screen reader says of the page by itself: new failures. */
export const announcement = signal("")

/** Announces operations that fail while the page is open. */
export function announceFailures(): void {
  let known: number | undefined
  effect(() => {
    const count = tally.value.failed + tally.value.killed
    if (!isReady.value) {
      known = undefined
      return
    }
    if (known !== undefined && count > known) {
      const newest = operations.peek().findLast(({ outcome }) => outcome === "failed" || outcome === "killed")
      const label = newest ? operationLabel(newest) : ""
      announcement.value = count - known === 1 ? label : `${count - known} more operations failed, the last: ${label}`
    }
    known = count
  })
}
