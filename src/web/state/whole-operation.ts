import { useEffect, useState } from "preact/hooks"
import type { Operation } from "../../model/operation.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import { wholeOperation } from "./capture.ts"

/** `pruned`: IDs of the calls whose records are no longer in the capture. */
export type WholeOperation = { operation: Operation; pruned: ReadonlySet<string> }

/** The operation with its streams; the previous one until they arrive. */
export function useWholeOperation(summary: OperationSummary | undefined): WholeOperation | undefined {
  const [whole, setWhole] = useState<WholeOperation>()
  useEffect(() => {
    let isWanted = true
    if (summary) {
      wholeOperation(summary.id).then(
        (answer) => isWanted && setWhole(answer && { ...answer, pruned: new Set(answer.pruned) }),
        // The server does not answer: the header shows it, and the next change of the operation asks again.
        () => undefined,
      )
    }
    return () => {
      isWanted = false
    }
  }, [summary])
  return whole
}
