import { Fault } from "../../fault/fault.ts"
import type { Capture } from "../../store/capture/capture.ts"
import { Changes } from "../../store/capture/changes.ts"
import type { Context } from "../context.ts"
import type { Format } from "../render/output.ts"

/** Goes on each time something may have been written, until Ctrl-C; that is no fault. */
export async function* changesOf(context: Context, capture: Capture): AsyncGenerator<void> {
  const changes = new Changes(capture.path)
  let isEnded = false
  const end = () => {
    isEnded = true
    changes.close()
  }
  process.once("SIGINT", end)
  process.once("SIGTERM", end)
  try {
    while (!isEnded) {
      yield
      await changes.wait()
    }
    context.exitCode = 0
  } finally {
    end()
    process.removeListener("SIGINT", end)
    process.removeListener("SIGTERM", end)
  }
}

/** What never ends can be read only line by line. */
export function requireStream({ kind }: Format): void {
  if (kind !== "json" && kind !== "yaml" && kind !== "jsonpath") return
  throw new Fault("USAGE", "a list that never ends is no one document", "Use -o jsonl to follow.")
}
