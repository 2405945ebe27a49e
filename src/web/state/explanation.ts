import { useEffect, useState } from "preact/hooks"
import type { Explanation } from "../../model/explain/statement.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import { explanationOf } from "./capture.ts"

/** The server reads more of the capture for it: not for each operation that is passed by keyboard. */
const PAUSE_MS = 150

/** A busy server, or one that has just read the operation, answers a moment later. */
const MOST_TRIES = 3
const AGAIN_MS = 1_000

/** What `cnitap explain` says about the operation; undefined until it is known. Asked again if the operation changes. */
export function useExplanation(summary: OperationSummary): Explanation | undefined {
  const [explanation, setExplanation] = useState<Explanation>()
  useEffect(() => {
    let isWanted = true
    let timer: ReturnType<typeof setTimeout>
    const ask = async (tries: number) => {
      const answer = await explanationOf(summary.id)
      if (!isWanted) return
      setExplanation(answer)
      if (!answer && tries > 1) timer = setTimeout(ask, AGAIN_MS, tries - 1)
    }
    timer = setTimeout(ask, PAUSE_MS, MOST_TRIES)
    return () => {
      isWanted = false
      clearTimeout(timer)
    }
  }, [summary])
  return explanation?.operation === summary.id ? explanation : undefined
}
