import { computed, effect, signal } from "@preact/signals"
import type { Filter, Place } from "../../model/filter/filter.ts"
import { type FilterHit, findHit } from "../../model/filter/find-hit.ts"
import { implies } from "../../model/filter/implies.ts"
import { needsRecords, toMatcher } from "../../model/filter/match.ts"
import { parseFilter } from "../../model/filter/parse.ts"
import { whyUnsatisfiable } from "../../model/filter/unsatisfiable.ts"
import type { Operation } from "../../model/operation.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import { matchingIds, operations } from "./capture.ts"
import { outcomeIn } from "./narrow.ts"
import { route } from "./route.ts"

const parsed = computed(() => parseFilter(route.value.q, Date.now()))

/** A syntax error in the filter, or the reason why nothing can match it. */
export const filterProblem = computed((): FilterProblem | undefined => {
  if (!parsed.value.ok) return parsed.value.error
  const never = whyUnsatisfiable(parsed.value.filter)
  return never && { ...never, expected: [] }
})

type FilterProblem = Partial<Place> & { message: string; expected: string[] }

/** The page has no streams and no whole records: the server evaluates filters that need them. */
const isRemote = computed(() => parsed.value.ok && needsRecords(parsed.value.filter))

const remote = signal<{ q: string; ids: ReadonlySet<string> } | undefined>(undefined)

/** Whether the backend is still searching. */
export const isSearching = computed(() => isRemote.value && remote.value?.q !== route.value.q)

const local = computed(() => (parsed.value.ok ? narrowedFilter(parsed.value.filter) : undefined))

type ListFilter = {
  filter: Filter
  apply(all: readonly OperationSummary[]): OperationSummary[]
  /** whether it is known not to match the operation at this position of the list */
  excludes(operation: OperationSummary, at: number): boolean
}

let last: ListFilter | undefined

/** While a word is typed, only what matched its beginning is tested. */
function narrowedFilter(filter: Filter): ListFilter {
  last = listFilter(filter, last && implies(filter, last.filter) ? last : undefined)
  return last
}

/**
 * Filters the list again and again as it grows. What was found is kept by position, which is much faster than by operation:
 * nearly all of them stay where they are. `wider`: a filter that matches whatever this one matches.
 */
function listFilter(filter: Filter, wider?: Pick<ListFilter, "excludes">): ListFilter {
  const matcher = toMatcher(filter, Date.now())
  let tested: readonly OperationSummary[] = []
  let found: readonly boolean[] = []
  let before = wider
  return {
    filter,
    apply(all) {
      const known = found
      found = all.map((operation, at) =>
        operation === tested[at] && !mayChange(operation)
          ? (known[at] ?? false)
          : !before?.excludes(operation, at) && matcher.operation(operation),
      )
      tested = all
      // It is of use once, and refers to the one before it.
      before = undefined
      return all.filter((_, at) => found[at])
    },
    excludes: (operation, at) => operation === tested[at] && found[at] === false && !mayChange(operation),
  }
}

/** The duration of a running operation grows. */
function mayChange({ outcome }: OperationSummary): boolean {
  return outcome === "running"
}

const matching = computed(() => {
  const filtered = local.value
  if (!route.value.q.trim() || !filtered) return operations.value
  if (!isRemote.value) return filtered.apply(operations.value)
  const ids = remote.value?.q === route.value.q ? remote.value.ids : undefined
  return operations.value.filter(({ id }) => ids?.has(id))
})

/** Where the filter matched in an operation with its streams. */
export function hitIn(operation: Operation): FilterHit | undefined {
  return parsed.value.ok && route.value.q ? findHit(parsed.value.filter, operation) : undefined
}

/** While set, operations that began later are held back. Milliseconds since 1970. */
export const pausedMs = signal<number | undefined>(undefined)

/** The operations that match the filter, oldest first. All of them if the filter has an error. */
export const visible = computed((): readonly OperationSummary[] => {
  return withoutHeldBack(matching.value)
})

function withoutHeldBack(all: readonly OperationSummary[]): readonly OperationSummary[] {
  const untilMs = pausedMs.value
  return untilMs === undefined ? all : all.filter(({ wallMs }) => wallMs <= untilMs)
}

/** Number of matching operations that are held back. */
export const heldBack = computed(() => matching.value.length - visible.value.length)

/** The filter behind the outcome that a chip has put before it; undefined if there is none, or the server evaluates it. */
const behindOutcome = computed(() => {
  const { outcome, rest } = outcomeIn(route.value.q)
  const found = parseFilter(rest, Date.now())
  return outcome !== "" && found.ok && !needsRecords(found.filter) ? listFilter(found.filter) : undefined
})

/** The operations that match the filter but for the outcome that a chip has put before it. */
export const ofAnyOutcome = computed(() => {
  const all = behindOutcome.value?.apply(operations.value)
  return all ? withoutHeldBack(all) : visible.value
})

const REPEAT_MS = 500
let timer: ReturnType<typeof setTimeout> | undefined

effect(() => {
  const { q } = route.value
  if (!isRemote.value || operations.value.length === 0) return
  const isNew = remote.peek()?.q !== q
  if (timer !== undefined && !isNew) return
  clearTimeout(timer)
  const search = async () => {
    const ids = await matchingIds(q).catch(() => undefined)
    timer = undefined
    if (ids && route.peek().q === q) remote.value = { q, ids: new Set(ids) }
  }
  timer = setTimeout(() => void search(), isNew ? 0 : REPEAT_MS)
})
