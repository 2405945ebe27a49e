import { computed } from "@preact/signals"
import type { LightOperation } from "../../model/packed.ts"
import { podName } from "../../model/wording.ts"
import { operations } from "./capture.ts"
import { route } from "./route.ts"

const matches = computed(() => {
  const text = route.value.q.toLowerCase()
  return (operation: LightOperation) =>
    `${operation.command} ${podName(operation)} ${operation.outcome}`.toLowerCase().includes(text)
})

/** What the filter lets through, oldest first. */
export const visible = computed(() => (route.value.q ? operations.value.filter(matches.value) : operations.value))
