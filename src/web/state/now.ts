import { signal } from "@preact/signals"

/** The current time, updated every second: for calls in flight and ages. Milliseconds since 1970. */
export const nowMs = signal(Date.now())

setInterval(() => {
  nowMs.value = Date.now()
}, 1_000)
