import { Fault } from "../fault/fault.ts"
import type { Capture } from "../store/capture/capture.ts"
import { CaptureChangeWaiter } from "../store/capture/change-waiter.ts"
import type { Context } from "./context.ts"
import type { Format } from "./render/output.ts"

/** Yields whenever the capture may have grown, until Ctrl-C, which counts as success. */
export async function* changesOf(context: Context, capture: Capture): AsyncGenerator<void> {
  const changes = new CaptureChangeWaiter(capture.directories)
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

/** Only line-based formats can be used for output that never ends. */
export function requireStream({ kind }: Format): void {
  if (kind !== "json" && kind !== "yaml" && kind !== "jsonpath") return
  throw new Fault("USAGE", "`-o json`, yaml and jsonpath cannot follow a capture", "Use -o jsonl.")
}
