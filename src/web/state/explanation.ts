import { useEffect, useState } from "preact/hooks"
import type { Explanation } from "../../model/explain/statement.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import { explanationOf } from "./capture.ts"

/** The server reads more of the capture for it: not for each operation that is passed by keyboard. */
const PAUSE_MS = 150

/** What `cnitap explain` says about the operation; undefined until it is known. Asked again if the operation changes. */
export function useExplanation(summary: OperationSummary): Explanation | undefined {
  const [explanation, setExplanation] = useState<Explanation>()
  useEffect(() => {
    let isWanted = true
    const timer = setTimeout(async () => {
      const answer = await explanationOf(summary.id)
      if (isWanted) setExplanation(answer)
    }, PAUSE_MS)
    return () => {
      isWanted = false
      clearTimeout(timer)
    }
  }, [summary])
  return explanation?.operation === summary.id ? explanation : undefined
}
