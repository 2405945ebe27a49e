import { computed, effect, signal } from "@preact/signals"
import { operations } from "./capture.ts"
import { visible } from "./query.ts"
import { route } from "./route.ts"

/** Up to this number, views of all operations are redrawn at each change. */
const MOST_IMMEDIATE = 3_000
const PAUSE_MS = 1_000

const latest = computed(() => ({ filter: route.value.q, shown: visible.value, all: operations.value }))
const kept = signal(latest.peek())

/** The operations that match the filter, updated at most once per second if there are many: for views that draw all of them. */
export const settled = computed(() => kept.value.shown)
/** All operations, updated at the same moments. */
export const settledAll = computed(() => kept.value.all)

let timer: ReturnType<typeof setTimeout> | undefined
effect(() => {
  const { filter, all } = latest.value
  const isFew = all.length <= MOST_IMMEDIATE || kept.peek().all.length === 0
  if (isFew || filter !== kept.peek().filter) settle()
  else timer ??= setTimeout(settle, PAUSE_MS)
})

function settle(): void {
  clearTimeout(timer)
  timer = undefined
  kept.value = latest.peek()
}
