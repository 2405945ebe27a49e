import { computed } from "@preact/signals"
import { useRef, useState } from "preact/hooks"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { isSameDay } from "../../parts/clock.ts"
import { countText } from "../../parts/count-text.ts"
import { FilterBox } from "../../parts/filter/filter-box.tsx"
import { isHung, OperationHeading, OperationRow, operationLabel } from "../../parts/list/operation-row.tsx"
import { VirtualList } from "../../parts/list/virtual-list.tsx"
import { ShareMenu } from "../../parts/share-menu.tsx"
import { useWidth } from "../../parts/width.ts"
import { captureState, isAway, isReady, operationById, operations, source } from "../../state/capture.ts"
import { useKeys } from "../../state/keys.ts"
import { listKeys } from "../../state/list-keys.ts"
import { minuteMs } from "../../state/now.ts"
import { filterProblem, isSearching, visible } from "../../state/query.ts"
import { go, link, route } from "../../state/route.ts"
import { OperationDetail } from "../operation/operation.tsx"
import { Counters } from "./counters.tsx"
import { GroupBy } from "./group-by.tsx"
import { contentOf, GroupRow } from "./group-row.tsx"
import { listRows, toggleGroup } from "./list-rows.ts"
import { SHARED_LIST } from "./shared-list.ts"
import "./operations.css"

const ROW_PX = 28
const TALL_ROW_PX = 48
/** Below this width a row has two lines; the same width is in operation-row.css. */
const TALL_BELOW_PX = 560

const shownIds = computed(() => {
  const { count, at } = listRows.value
  return Array.from({ length: count }, (_, index) => at(index)?.id ?? "")
})

const keys = listKeys({
  // With an operation open, keys go to the next operation, past the heads of groups.
  ids: () => (route.peek().operation ? shownIds.peek().filter(operationById) : shownIds.peek()),
  opened() {
    const { operation } = route.peek()
    return operationById(operation)?.id ?? operation
  },
  open: openOperation,
})

/** All operations, newest first, and the selected one beside the list. */
export function Operations() {
  const { operation: selectedId } = route.value
  const shown = visible.value
  const rows = listRows.value
  const { count } = rows
  const selected = operationById(selectedId)
  const cursorId = keys.cursor.value
  const markedId = selected?.id ?? cursorId
  const marked = rows.indexOf(markedId)
  const list = useRef<HTMLElement>(null)
  const isNarrow = useWidth(list) <= TALL_BELOW_PX
  const isApplied = filterProblem.value === undefined || shown.length === 0
  const [seenMs, setSeen] = useState<number>()
  const newCount = seenMs === undefined ? 0 : shown.length - 1 - shown.findLastIndex(({ wallMs }) => wallMs <= seenMs)
  const isDated = shown[0] !== undefined && !isSameDay(shown[0].wallMs, minuteMs.value)
  useKeys(keys)
  return (
    <div class={`operations ${selectedId ? "split" : ""}`}>
      <section class={`list-side ${isDated ? "dated" : ""}`} aria-label="operations" ref={list}>
        <div class="toolbar">
          <FilterBox />
          <Counters />
          {route.value.q && !isSearching.value && (
            <span class="dim" aria-live="polite">
              {isApplied ? `${countText(shown.length)} shown` : "filter not applied"}
            </span>
          )}
          <GroupBy />
          <ShareMenu items={SHARED_LIST} />
        </div>
        {count > 0 && <OperationHeading />}
        {newCount > 0 && (
          <div class="news">
            <button type="button" class="button" onClick={() => list.current?.querySelector(".list")?.scrollTo(0, 0)}>
              ↑ {countText(newCount)} new
            </button>
          </div>
        )}
        {count === 0 ? (
          <Nothing />
        ) : (
          <VirtualList
            class={`list ${isApplied ? "" : "unfiltered"}`}
            onTop={(isAtTop) => setSeen(isAtTop ? undefined : (seenMs ?? shown.at(-1)?.wallMs))}
            name="operations"
            role="listbox"
            aria-label={`${shown.length} operations, newest first`}
            aria-activedescendant={marked >= 0 ? `row-${markedId}` : undefined}
            tabIndex={0}
            count={count}
            rowHeight={isNarrow ? TALL_ROW_PX : ROW_PX}
            current={marked}
            identity={{ idOf: (index) => rows.at(index)?.id, indexOf: rows.indexOf }}
            row={(index, isSketch) => {
              const row = rows.at(index)
              if (!row) return null
              if (row.kind === "group")
                return (
                  <div
                    id={`row-${row.id}`}
                    class={`group-row ${row.id === cursorId ? "cursor" : ""}`}
                    role="option"
                    tabIndex={-1}
                    aria-selected={false}
                    title={`${row.title}: ${contentOf(row.operations)}, ${row.isOpen ? "open" : "folded"}`}
                    aria-posinset={index + 1}
                    aria-setsize={count}
                    onClick={() => {
                      keys.cursor.value = row.id
                      toggleGroup(row.id)
                    }}
                    onKeyDown={() => undefined}
                  >
                    <GroupRow {...row} />
                  </div>
                )
              const { operation } = row
              const isSelected = operation.id === selected?.id
              return (
                <div
                  id={`row-${operation.id}`}
                  class={`row ${operation.outcome} ${isHung(operation) ? "hung" : ""} ${operation.id === cursorId && !isSelected ? "cursor" : ""} ${isPruned(operation) ? "pruned" : ""}`}
                  role="option"
                  tabIndex={-1}
                  aria-selected={isSelected}
                  title={isSketch ? undefined : `${operationLabel(operation)}${isPruned(operation) ? ", pruned" : ""}`}
                  aria-posinset={index + 1}
                  aria-setsize={count}
                  onClick={(event) => {
                    keys.cursor.value = operation.id
                    if (event.ctrlKey || event.metaKey) openInTab(operation.id)
                    else openOperation(operation.id, "push")
                  }}
                  onAuxClick={(event) => event.button === 1 && openInTab(operation.id)}
                  onKeyDown={() => undefined}
                >
                  <OperationRow operation={operation} isSketch={isSketch} />
                </div>
              )
            }}
          />
        )}
      </section>
      {selectedId && <OperationDetail key={selected?.id ?? selectedId} id={selectedId} />}
    </div>
  )
}

/** Its records were removed from the capture after they were read. */
function isPruned({ wallMs }: OperationSummary): boolean {
  return wallMs < (captureState.value.prunedBeforeMs ?? Number.NEGATIVE_INFINITY)
}

/** As with any link: Ctrl or the middle button. */
function openInTab(id: string): void {
  open(link({ operation: id, call: undefined, stream: undefined, panel: "calls" }), "_blank")
}

function openOperation(id: string, how: "push" | "replace"): void {
  if (!operationById(id)) {
    toggleGroup(id)
    return
  }
  const { panel } = route.peek()
  go({ operation: id, call: undefined, stream: undefined, panel: panel === "compare" ? "calls" : panel }, how)
}

function Nothing() {
  if (isSearching.value)
    return (
      <div class="empty">
        {isAway.value ? "The server is not responding: it searches as soon as it does." : "Searching the capture…"}
      </div>
    )
  if (operations.value.length > 0) {
    return (
      <div class="empty">
        <strong>No operation matches the filter.</strong>
        <button type="button" class="button" onClick={() => go({ q: "" })}>
          Show all {countText(operations.value.length)}
        </button>
      </div>
    )
  }
  if (!isReady.value) {
    return <div class="empty">{isAway.value ? "The server is not responding." : "Reading the capture…"}</div>
  }
  return (
    <div class="empty">
      <strong>No operation has been recorded yet.</strong>
      <span>
        {source.value?.isLive
          ? "Operations appear here as soon as a runtime calls a plugin."
          : "The capture contains no calls."}
      </span>
    </div>
  )
}
