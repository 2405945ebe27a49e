import { fieldOf } from "../../model/filter/field.ts"
import { operations } from "./capture.ts"

/** Less than this is left of an idle period: the browser has something else to do. */
const LEAST_MS = 2

let isPreparing = false

/** Makes the texts that words are searched for in while nobody waits for them; the first key would make all of them. */
export function prepareSearchTexts(): void {
  // Safari has no idle periods.
  if (isPreparing || typeof requestIdleCallback !== "function") return
  isPreparing = true
  const { joined } = fieldOf("text")
  const all = operations.peek()
  let next = all.length
  const prepare = (deadline: IdleDeadline) => {
    while (next > 0 && deadline.timeRemaining() > LEAST_MS) {
      const operation = all[--next]
      if (operation) joined?.(operation)
    }
    isPreparing = next > 0
    if (isPreparing) requestIdleCallback(prepare)
  }
  requestIdleCallback(prepare)
}
