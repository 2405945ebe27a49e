import type { Progress } from "../../store/capture/progress.ts"
import type { Context } from "../context.ts"

const WAIT_MS = 500
const CELLS = 30

/** A progress bar on a terminal, shown after half a second and erased at the end. */
export function progressBar({ stderr, nowMs }: Pick<Context, "stderr" | "nowMs">): Progress | undefined {
  if (stderr.isTTY !== true) return undefined
  let startMs: number | undefined
  let shown = ""
  return (doneBytes, allBytes) => {
    startMs ??= nowMs()
    const isDone = doneBytes >= allBytes
    if (isDone || nowMs() - startMs < WAIT_MS) {
      if (shown) stderr.write("\r\u001b[K")
      return
    }
    const share = doneBytes / allBytes
    const cells = Math.round(share * CELLS)
    const text = `${"█".repeat(cells)}${"░".repeat(CELLS - cells)} ${Math.round(share * 100)} % of ${(allBytes / 1e6).toFixed(0)} MB`
    if (text !== shown) stderr.write(`\rreading ${text}`)
    shown = text
  }
}
