import { signal } from "@preact/signals"

/** The time, for what grows while one looks at it: calls in flight, ages. Milliseconds since 1970. */
export const nowMs = signal(Date.now())

setInterval(() => {
  nowMs.value = Date.now()
}, 1_000)
