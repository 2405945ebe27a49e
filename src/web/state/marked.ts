import { signal } from "@preact/signals"
import { operationById } from "./capture.ts"
import { go, route } from "./route.ts"

/** ID of the operation that the next one is compared with. */
export const marked = signal<string | undefined>(undefined)

/** Marks the operation; if another one is marked, compares the two. */
export function mark(id: string): void {
  const first = operationById(marked.peek())
  if (!first || first.id === id) {
    marked.value = first ? undefined : id
    return
  }
  marked.value = undefined
  go({ view: "operations", operation: first.id, panel: "compare", other: id, call: undefined, stream: undefined })
}

/** Marks what is open. */
export function markOpen(): void {
  const open = operationById(route.peek().operation)
  if (open) mark(open.id)
}
