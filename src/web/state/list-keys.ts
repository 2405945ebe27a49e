import { type Signal, signal } from "@preact/signals"
import type { KeyHandlers } from "./keys.ts"

/** A list that keys walk through: the row they are at, and what they do. */
export type ListKeys = KeyHandlers & {
  /** the row that the keyboard is at while none is open */
  cursor: Signal<string | undefined>
}

/**
 * Rows are asked for at each key, because keys come faster than the page is drawn. Moving opens the row where one is
 * open already.
 */
export function listKeys(list: {
  ids(): readonly string[]
  opened(): string | undefined
  open(id: string, how: "push" | "replace"): void
}): ListKeys {
  const cursor = signal<string | undefined>(undefined)
  const marked = (ids: readonly string[]) => ids.indexOf(list.opened() ?? cursor.peek() ?? "")
  return {
    cursor,
    move(rows) {
      const ids = list.ids()
      const at = marked(ids)
      const next = ids[Math.min(Math.max((at < 0 && rows < 0 ? ids.length : at) + rows, 0), ids.length - 1)]
      if (next === undefined) return
      cursor.value = next
      if (list.opened() !== undefined) list.open(next, "replace")
    },
    open() {
      const ids = list.ids()
      const found = ids[Math.max(marked(ids), 0)]
      if (found === undefined) return
      cursor.value = found
      list.open(found, "push")
      requestAnimationFrame(() => document.querySelector<HTMLElement>(".detail")?.focus())
    },
  }
}
