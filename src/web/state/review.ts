import { signal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import type { ReviewAnswer } from "../../serve/protocol.ts"
import { operations, reviewed } from "./capture.ts"

/** The last findings and ledger; undefined before the first request. */
export const review = signal<ReviewAnswer | undefined>(undefined)

const UNFINISHED_MS = 25
const FRESH_MS = 2_000
/** The state of the node may change without a call. */
const QUIET_MS = 15_000

let isRefreshing = false
let reviewedOperations: unknown
let answeredMs = 0

/** Keeps findings and ledger up to date while a view that shows them is mounted. */
export function useReview(): ReviewAnswer | undefined {
  useEffect(() => {
    void refresh()
    const timer = setInterval(() => void refresh(), UNFINISHED_MS)
    return () => clearInterval(timer)
  }, [])
  return review.value
}

async function refresh(): Promise<void> {
  const waitMs = !review.peek()?.isComplete ? 0 : reviewedOperations === operations.peek() ? QUIET_MS : FRESH_MS
  if (isRefreshing || Date.now() - answeredMs < waitMs) return
  isRefreshing = true
  const current = operations.peek()
  const answer = await reviewed()
  isRefreshing = false
  answeredMs = Date.now()
  if (!answer) return
  reviewedOperations = current
  review.value = answer
}
