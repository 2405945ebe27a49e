import { computed, signal } from "@preact/signals"
import { podKey } from "../../../model/call.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { messageOf } from "../../state/errors.ts"
import { visible } from "../../state/query.ts"
import { type Grouping, route } from "../../state/route.ts"

/** A row of the list: an operation, or the head of several. */
export type ListRow =
  | { kind: "operation"; id: string; operation: OperationSummary }
  | { kind: "group"; id: string; title: string; operations: readonly OperationSummary[]; isOpen: boolean }

/** The rows of the list, from the top. Without grouping no array of them is made: there may be 100,000. */
export type ListRows = {
  count: number
  at(index: number): ListRow | undefined
  indexOf(id: string | undefined): number
}

const opened = signal<ReadonlySet<string>>(new Set())

/** Opens or closes a group, by the ID of its row. */
export function toggleGroup(id: string): void {
  const next = new Set(opened.peek())
  if (!next.delete(id)) next.add(id)
  opened.value = next
}

export const listRows = computed((): ListRows => {
  const { group } = route.value
  if (group === undefined) return flatRows(visible.value)
  const rows = groupedRows(visible.value, group, opened.value)
  const indexes = new Map(rows.map(({ id }, index) => [id, index]))
  return { count: rows.length, at: (index) => rows[index], indexOf: (id) => indexes.get(id ?? "") ?? -1 }
})

/** Newest first; `shown` starts with the oldest. */
function flatRows(shown: readonly OperationSummary[]): ListRows {
  const count = shown.length
  return {
    count,
    at(index) {
      const operation = shown[count - 1 - index]
      return operation && { kind: "operation", id: operation.id, operation }
    },
    indexOf(id) {
      const at = id === undefined ? -1 : shown.findLastIndex((operation) => operation.id === id)
      return at < 0 ? -1 : count - 1 - at
    },
  }
}

/** A group is where its newest operation would be. One operation alone needs no head. */
function groupedRows(shown: readonly OperationSummary[], by: Grouping, isOpened: ReadonlySet<string>): ListRow[] {
  const groups = new Map<string, OperationSummary[]>()
  for (const operation of shown.toReversed()) {
    const key = keyOf(operation, by)
    const group = groups.get(key)
    if (group) group.push(operation)
    else groups.set(key, [operation])
  }
  return [...groups].flatMap(([title, operations]): ListRow[] => {
    const rows = operations.map((operation): ListRow => ({ kind: "operation", id: operation.id, operation }))
    if (rows.length === 1) return rows
    const id = `group ${by} ${title}`
    const isOpen = isOpened.has(id)
    return [{ kind: "group", id, title, operations, isOpen }, ...(isOpen ? rows : [])]
  })
}

function keyOf(operation: OperationSummary, by: Grouping): string {
  if (by === "error") return messageOf(operation) ?? "(no error)"
  if (by === "node") return operation.node ?? "(no node)"
  const { pod, containerId, network } = operation
  return pod ? podKey(pod) : (containerId ?? network ?? "(no pod)")
}
