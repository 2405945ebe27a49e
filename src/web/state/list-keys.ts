import { type Signal, signal } from "@preact/signals"
import type { KeyHandlers } from "./keys.ts"

/** Keyboard handling of a list. */
export type ListKeys = KeyHandlers & {
  /** ID of the row that is marked while none is open */
  cursor: Signal<string | undefined>
}

/**
 * `ids` of the rows are read again at each key, because keys arrive faster than the page is drawn. If a row is open,
 * moving opens the next one.
 */
export function listKeys(list: {
  ids(): readonly string[]
  opened(): string | undefined
  open(id: string, how: "push" | "replace"): void
}): ListKeys {
  const cursor = signal<string | undefined>(undefined)
  const markedIndex = (ids: readonly string[]) => ids.indexOf(list.opened() ?? cursor.peek() ?? "")
  return {
    cursor,
    move(rows) {
      const ids = list.ids()
      const from = markedIndex(ids)
      const next = ids[Math.min(Math.max((from < 0 && rows < 0 ? ids.length : from) + rows, 0), ids.length - 1)]
      if (next === undefined) return
      cursor.value = next
      if (list.opened() === undefined) return
      const isInDetail = Boolean(document.activeElement?.closest(".detail"))
      list.open(next, "replace")
      if (isInDetail) focusDetail()
    },
    open() {
      const ids = list.ids()
      const found = ids[Math.max(markedIndex(ids), 0)]
      if (found === undefined) return
      cursor.value = found
      list.open(found, "push")
      focusDetail()
    },
  }
}

/** Once it is drawn. */
function focusDetail(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(".detail")?.focus())
}
