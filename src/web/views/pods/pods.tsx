import { computed } from "@preact/signals"
import { age } from "../../../model/format.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { type PodHistory, toPods } from "../../../model/pod.ts"
import { exactTime } from "../../parts/clock.ts"
import { countText } from "../../parts/count-text.ts"
import { FilterBox } from "../../parts/filter/filter-box.tsx"
import { MiddleCut } from "../../parts/list/middle-cut.tsx"
import { addressesOf } from "../../parts/list/operation-row.tsx"
import { VirtualList } from "../../parts/list/virtual-list.tsx"
import { OutcomeMark } from "../../parts/marks/outcome.tsx"
import { SANDBOX_OUTCOMES, SANDBOX_WORDS } from "../../parts/sandbox.ts"
import { hasSeveralNodes } from "../../state/capture.ts"
import { useKeys } from "../../state/keys.ts"
import { listKeys } from "../../state/list-keys.ts"
import { nowMs } from "../../state/now.ts"
import { isSearching } from "../../state/query.ts"
import { go, route } from "../../state/route.ts"
import { settled, settledAll } from "../../state/settled.ts"
import { PodDetail } from "./pod.tsx"
import "../../parts/list/list-row.css"
import "./pods.css"

/** A filter chooses pods by their operations; each is shown with all that happened to it. */
const pods = computed(() => toPods(settledAll.value))
const shownPods = computed(() => {
  if (settled.value.length === settledAll.value.length) return pods.value
  const wanted = new Set(settled.value)
  return pods.value.filter(({ sandboxes }) =>
    sandboxes.some(({ operations }) => operations.some((operation) => wanted.has(operation))),
  )
})

const keys = listKeys({
  ids: () => shownPods.peek().map(({ key }) => key),
  opened: () => route.peek().pod,
  open: (pod, how) => go({ pod }, how),
})

/** All pods in the capture, and the history of the selected one beside the list. */
export function Pods() {
  const shown = shownPods.value
  const { pod: chosenKey } = route.value
  const chosen = pods.value.find(({ key }) => key === chosenKey)
  const marked = shown.findIndex(({ key }) => key === (chosenKey ?? keys.cursor.value))
  useKeys(keys)
  return (
    <div class={`operations ${chosenKey ? "split" : ""}`}>
      <section class="list-side" aria-label="pods">
        <div class="toolbar">
          <FilterBox />
          <span class="dim" aria-live="polite">
            {shown.length === 1 ? "1 pod" : `${countText(shown.length)} pods`}
          </span>
        </div>
        {shown.length === 0 ? (
          <div class="empty">
            {isSearching.value
              ? "Searching the capture…"
              : route.value.q
                ? "No operation on a pod matches the filter."
                : "No call in the capture is for a pod."}
          </div>
        ) : (
          <VirtualList
            name="pods"
            class="list"
            role="listbox"
            aria-label={`${shown.length} pods, most recently changed first`}
            aria-activedescendant={marked >= 0 ? `pod-${marked}` : undefined}
            tabIndex={0}
            count={shown.length}
            rowHeight={28}
            current={marked}
            row={(index) => {
              const pod = shown[index]
              return (
                pod && (
                  <PodRow
                    pod={pod}
                    index={index}
                    count={shown.length}
                    isChosen={pod === chosen}
                    isCursor={index === marked}
                  />
                )
              )
            }}
          />
        )}
      </section>
      {chosenKey && <PodDetail podKey={chosenKey} pod={chosen} />}
    </div>
  )
}

function PodRow({
  pod,
  index,
  count,
  isChosen,
  isCursor,
}: {
  pod: PodHistory<OperationSummary>
  index: number
  count: number
  isChosen: boolean
  isCursor: boolean
}) {
  const { key, namespace, name, state, sandboxes, failures, lastMs } = pod
  const operations = sandboxes.flatMap((sandbox) => sandbox.operations)
  const attempts = sandboxes.length === 1 ? "" : `${sandboxes.length} sandboxes`
  return (
    <div
      id={`pod-${index}`}
      class={`list-row pod-row ${failures > 0 ? "troubled" : ""} ${isCursor && !isChosen ? "cursor" : ""}`}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      title={`${key}, ${SANDBOX_WORDS[state]}, ${operations.length} operations${attempts ? `, ${attempts}` : ""}${failures > 0 ? `, ${failures} failed` : ""}`}
      aria-posinset={index + 1}
      aria-setsize={count}
      onClick={() => go({ pod: key })}
      onKeyDown={() => undefined}
    >
      <OutcomeMark outcome={SANDBOX_OUTCOMES[state]} />
      {hasSeveralNodes.value && <span class="node nowrap dim">{operations.at(-1)?.node ?? "(no node)"}</span>}
      <MiddleCut dim={namespace && `${namespace}/`} text={name} />
      <span class="ips mono dim nowrap">{operations.map(addressesOf).findLast(Boolean) ?? ""}</span>
      <span class="state dim nowrap">{SANDBOX_WORDS[state]}</span>
      <span class="nowrap">
        {failures > 0 && <b class="failures">{failures} failed</b>} <span class="dim">{attempts}</span>
      </span>
      <span class="dim age" title={exactTime(lastMs)}>
        {age(lastMs, nowMs.value)}
      </span>
    </div>
  )
}
