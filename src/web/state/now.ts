import { computed, signal } from "@preact/signals"

/** The current time, updated every second: for calls in flight and ages. In a file, when it was written. Milliseconds since 1970. */
export const nowMs = signal(Date.now())

/** The minute that began last: for what changes with the day, and need not be drawn each second. */
export const minuteMs = computed(() => Math.floor(nowMs.value / 60_000) * 60_000)

const timer = setInterval(() => {
  nowMs.value = Date.now()
}, 1_000)

/** The time no longer advances. */
export function stopClock(atMs: number): void {
  clearInterval(timer)
  nowMs.value = atMs
}
