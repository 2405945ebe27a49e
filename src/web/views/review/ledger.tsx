import { computed } from "@preact/signals"
import { age, podName } from "../../../model/format.ts"
import type { LedgerRow } from "../../../model/ledger/node-ledger.ts"
import { ATTACHMENT_OUTCOMES, ATTACHMENT_WORDS, keyOf, problemsFirst } from "../../parts/attachment.ts"
import { exactTime } from "../../parts/clock.ts"
import { countText } from "../../parts/count-text.ts"
import { MiddleCut } from "../../parts/list/middle-cut.tsx"
import { VirtualList } from "../../parts/list/virtual-list.tsx"
import { OutcomeMark } from "../../parts/marks/outcome.tsx"
import { hasSeveralNodes } from "../../state/capture.ts"
import { useKeys } from "../../state/keys.ts"
import { listKeys } from "../../state/list-keys.ts"
import { nowMs } from "../../state/now.ts"
import { review, useReview } from "../../state/review.ts"
import { go, route } from "../../state/route.ts"
import { AttachmentDetail } from "./attachment.tsx"
import { Reviewing } from "./reviewing.tsx"
import "../../parts/list/list-row.css"
import "./ledger.css"

const rows = computed(() => problemsFirst(review.value?.ledger ?? []))
const state = computed(() => rows.value.find((row) => row.state === route.value.show)?.state)
const shownRows = computed(() => (state.value ? rows.value.filter((row) => row.state === state.value) : rows.value))

const keys = listKeys({
  ids: () => shownRows.peek().map(keyOf),
  opened: () => route.peek().attachment,
  open: (attachment, how) => go({ attachment }, how),
})

/** All attachments that were added and not deleted; those that need attention first. */
export function LedgerView() {
  useReview()
  const shown = shownRows.value
  const { attachment: chosenKey } = route.value
  const chosen = rows.value.find((row) => keyOf(row) === chosenKey)
  const markedKey = chosenKey ?? keys.cursor.value
  const marked = markedKey === undefined ? -1 : shown.findIndex((row) => keyOf(row) === markedKey)
  useKeys(keys)
  return (
    <div class={`operations ${chosenKey ? "split" : ""}`}>
      <section class="list-side" aria-label="ledger">
        <div class="toolbar">
          <States />
          <Reviewing />
          {review.value && <span class="dim">{countText(review.value.gone)} added and deleted</span>}
        </div>
        {review.value?.note && (
          <p class="notice" role="note">
            {review.value.note}
          </p>
        )}
        {shown.length === 0 ? (
          <Nothing />
        ) : (
          <VirtualList
            name="ledger"
            class="list"
            role="listbox"
            aria-label={`${shown.length} attachments, problems first`}
            aria-activedescendant={marked >= 0 ? `attachment-${marked}` : undefined}
            tabIndex={0}
            count={shown.length}
            rowHeight={46}
            current={marked}
            row={(index) => {
              const row = shown[index]
              return (
                row && (
                  <AttachmentRow
                    row={row}
                    id={`attachment-${index}`}
                    isChosen={row === chosen}
                    isCursor={index === marked}
                  />
                )
              )
            }}
          />
        )}
      </section>
      {chosenKey && <AttachmentDetail name={chosenKey} row={chosen} />}
    </div>
  )
}

/** Number of attachments by state; each is a filter. */
function States() {
  const counts = new Map<LedgerRow["state"] | undefined, number>([[undefined, rows.value.length]])
  for (const row of rows.value) counts.set(row.state, (counts.get(row.state) ?? 0) + 1)
  return (
    <fieldset class="counters" aria-label="states">
      {[...counts].map(([each, count]) => (
        <button
          key={each ?? "all"}
          type="button"
          class={`counter some ${each ? ATTACHMENT_OUTCOMES[each] : ""}`}
          aria-pressed={state.value === each}
          onClick={() => go({ show: each })}
        >
          {each ?? "all"} <b>{countText(count)}</b>
        </button>
      ))}
    </fieldset>
  )
}

function Nothing() {
  const answer = review.value
  if (!answer?.isComplete) return <div class="empty">Reading the capture…</div>
  return (
    <div class="empty">
      <strong>Nothing is attached.</strong>
      <span>Each attachment that was added has been deleted by all of its plugins.</span>
    </div>
  )
}

function AttachmentRow({
  row,
  id,
  isChosen,
  isCursor,
}: {
  row: LedgerRow
  id: string
  isChosen: boolean
  isCursor: boolean
}) {
  const { state: kind, ips, network, ifname, containerId, add, reason } = row
  const owner = row.pod ? podName(row) : containerId.slice(0, 13)
  return (
    <div
      id={id}
      class={`list-row ledger-row ${ATTACHMENT_OUTCOMES[kind]} ${isCursor && !isChosen ? "cursor" : ""}`}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      title={`${owner}, ${ATTACHMENT_WORDS[kind]}: ${reason}`}
      onClick={() => go({ attachment: keyOf(row) })}
      onKeyDown={() => undefined}
    >
      <OutcomeMark outcome={ATTACHMENT_OUTCOMES[kind]} />
      <b class="state">{kind}</b>
      <MiddleCut class="owner" text={owner} />
      <span class="nowrap dim place">
        {ips.length > 0 && <span class="mono">{ips.join(" ")} </span>}
        {[network, ifname, hasSeveralNodes.value && row.node].filter(Boolean).join(" ")}
      </span>
      <span class="nowrap dim cause">{reason}</span>
      <span class="dim age" title={add && exactTime(add.wallMs)}>
        {add && age(add.wallMs, nowMs.value)}
      </span>
    </div>
  )
}
