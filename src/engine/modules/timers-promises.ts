/** node:timers/promises. */
import type { AbortSignal } from "../abort.ts"
import { clearTimeout, setTimeout as start } from "../timers.ts"

export function setTimeout<T>(
  delayMs: number,
  value?: T,
  { signal }: { signal?: AbortSignal } = {},
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const fail = () => {
      clearTimeout(timeout)
      reject(Object.assign(new Error("The operation was aborted"), { name: "AbortError", code: "ABORT_ERR" }))
    }
    const timeout = start(() => {
      signal?.removeEventListener("abort", fail)
      resolve(value)
    }, delayMs)
    if (signal?.aborted) fail()
    else signal?.addEventListener("abort", fail)
  })
}
