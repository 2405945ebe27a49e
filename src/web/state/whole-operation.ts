import { useEffect, useState } from "preact/hooks"
import type { Operation } from "../../model/operation.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import { wholeOperation } from "./capture.ts"

/** The operation with its streams; the previous one until they arrive. */
export function useWholeOperation(summary: OperationSummary | undefined): Operation | undefined {
  const [whole, setWhole] = useState<Operation>()
  useEffect(() => {
    let isWanted = true
    if (summary) {
      wholeOperation(summary.id).then(
        (answer) => isWanted && setWhole(answer),
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
