import { signal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import type { ReviewAnswer } from "../../serve/protocol.ts"
import { operations, reviewed } from "./capture.ts"

/** Findings and ledger as they were last told; undefined until they were asked for. */
export const review = signal<ReviewAnswer | undefined>(undefined)

const UNFINISHED_MS = 25
const FRESH_MS = 2_000
/** What the node itself says may change without a call. */
const QUIET_MS = 15_000

let isAsking = false
let lookedAt: unknown
let answeredMs = 0

/** Keeps findings and ledger fresh for as long as a view that shows them is in front. */
export function useReview(): ReviewAnswer | undefined {
  useEffect(() => {
    void ask()
    const timer = setInterval(() => void ask(), UNFINISHED_MS)
    return () => clearInterval(timer)
  }, [])
  return review.value
}

async function ask(): Promise<void> {
  const waitMs = !review.peek()?.isComplete ? 0 : lookedAt === operations.peek() ? QUIET_MS : FRESH_MS
  if (isAsking || Date.now() - answeredMs < waitMs) return
  isAsking = true
  const known = operations.peek()
  const answer = await reviewed()
  isAsking = false
  answeredMs = Date.now()
  if (!answer) return
  lookedAt = known
  review.value = answer
}
