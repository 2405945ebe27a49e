import { computed, effect, signal } from "@preact/signals"
import type { Place } from "../../model/filter/filter.ts"
import { needsRecords, toMatcher } from "../../model/filter/match.ts"
import { parseFilter } from "../../model/filter/parse.ts"
import { whyUnsatisfiable } from "../../model/filter/unsatisfiable.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import { matchingIds, operations } from "./capture.ts"
import { route } from "./route.ts"

const parsed = computed(() => parseFilter(route.value.q, Date.now()))

/** Why nothing is filtered, or why nothing can be found; undefined where the filter is fine. */
export const filterTrouble = computed((): Trouble | undefined => {
  if (!parsed.value.ok) return parsed.value.error
  const never = whyUnsatisfiable(parsed.value.filter)
  return never && { ...never, expected: [] }
})

type Trouble = Partial<Place> & { message: string; expected: string[] }

/** The page has no streams and no whole records: the server evaluates filters that need them. */
const isRemote = computed(() => parsed.value.ok && needsRecords(parsed.value.filter))

const remote = signal<{ q: string; ids: ReadonlySet<string> } | undefined>(undefined)

/** The capture is being searched for what the page does not have. */
export const isSearching = computed(() => isRemote.value && remote.value?.q !== route.value.q)

const local = computed(() => {
  if (!parsed.value.ok) return undefined
  const matcher = toMatcher(parsed.value.filter, Date.now())
  const known = new WeakMap<OperationSummary, boolean>()
  return (operation: OperationSummary) => {
    const found = known.get(operation) ?? matcher.operation(operation)
    // What still runs is asked again: its duration grows.
    if (operation.outcome !== "running") known.set(operation, found)
    return found
  }
})

/** What the filter lets through, oldest first. A filter with a mistake lets everything through, and says so. */
export const visible = computed(() => {
  const matches = local.value
  if (!route.value.q.trim() || !matches) return operations.value
  if (!isRemote.value) return operations.value.filter(matches)
  const ids = remote.value?.q === route.value.q ? remote.value.ids : undefined
  return operations.value.filter(({ id }) => ids?.has(id))
})

const ASK_AGAIN_MS = 500
let timer: ReturnType<typeof setTimeout> | undefined

effect(() => {
  const { q } = route.value
  if (!isRemote.value || operations.value.length === 0) return
  const isNew = remote.peek()?.q !== q
  if (timer !== undefined && !isNew) return
  clearTimeout(timer)
  const ask = async () => {
    const ids = await matchingIds(q).catch(() => undefined)
    timer = undefined
    if (ids && route.peek().q === q) remote.value = { q, ids: new Set(ids) }
  }
  timer = setTimeout(() => void ask(), isNew ? 0 : ASK_AGAIN_MS)
})
