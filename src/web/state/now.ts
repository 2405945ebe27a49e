import { signal } from "@preact/signals"

/** The current time, updated every second: for calls in flight and ages. In a file, when it was written. Milliseconds since 1970. */
export const nowMs = signal(Date.now())

const timer = setInterval(() => {
  nowMs.value = Date.now()
}, 1_000)

/** The time no longer advances. */
export function stopClock(atMs: number): void {
  clearInterval(timer)
  nowMs.value = atMs
}
