import { computed } from "@preact/signals"
import { podName } from "../../../model/format.ts"
import type { Severity } from "../../../model/lint/finding.ts"
import type { FindingGroup } from "../../../model/lint/finding-groups.ts"
import type { RuleFindings } from "../../../model/lint/findings-by-rule.ts"
import { exactTime, timeOfDay } from "../../parts/clock.ts"
import { CloseLink } from "../../parts/close-link.tsx"
import { asTyped } from "../../parts/command-line.ts"
import { countText } from "../../parts/count-text.ts"
import { ScrollRegion } from "../../parts/list/scroll-region.tsx"
import { VirtualList } from "../../parts/list/virtual-list.tsx"
import { SEVERITY_WORDS, SeverityMark } from "../../parts/marks/severity.tsx"
import { WithCode } from "../../parts/with-code.tsx"
import { source } from "../../state/capture.ts"
import { useKeys } from "../../state/keys.ts"
import { listKeys } from "../../state/list-keys.ts"
import { minuteMs } from "../../state/now.ts"
import { review, useReview } from "../../state/review.ts"
import { go, link, route } from "../../state/route.ts"
import { Reviewing } from "./reviewing.tsx"
import "../../parts/list/list-row.css"
import "./findings.css"

const ROW_PX = 46

const SEVERITIES = ["error", "warning", "note"] as const satisfies Severity[]
const severity = computed(() => SEVERITIES.find((each) => each === route.value.show))
const shownRules = computed(() => {
  const all = review.value?.rules ?? []
  return severity.value ? all.filter((rule) => rule.severity === severity.value) : all
})

const keys = listKeys({
  ids: () => shownRules.peek().map(({ rule }) => rule),
  opened: () => route.peek().rule,
  open: (rule, how) => go({ rule }, how),
})

/** Findings by rule, and the evidence for the selected rule beside the list. */
export function Findings() {
  const answer = useReview()
  const shown = shownRules.value
  const { rule: chosenId } = route.value
  const chosen = answer?.rules.find(({ rule }) => rule === chosenId)
  const marked = shown.findIndex(({ rule }) => rule === (chosenId ?? keys.cursor.value))
  useKeys(keys)
  return (
    <div class={`operations ${chosenId ? "split" : ""}`}>
      <section class="list-side" aria-label="findings">
        <div class="toolbar">
          <Severities rules={answer?.rules ?? []} />
          <Reviewing />
        </div>
        {shown.length === 0 ? (
          <Nothing />
        ) : (
          <VirtualList
            name="findings"
            class="list"
            role="listbox"
            aria-label={`${shown.length} rules with findings, most severe first`}
            aria-activedescendant={marked >= 0 ? `rule-${shown[marked]?.rule}` : undefined}
            tabIndex={0}
            count={shown.length}
            rowHeight={ROW_PX}
            current={marked}
            row={(index) => {
              const rule = shown[index]
              return rule && <RuleRow rule={rule} isChosen={rule === chosen} isCursor={index === marked} />
            }}
          />
        )}
      </section>
      {chosenId && <RuleDetail id={chosenId} rule={chosen} />}
    </div>
  )
}

/** Number of rules by severity; each is a filter. */
function Severities({ rules }: { rules: readonly RuleFindings[] }) {
  const kinds = [undefined, ...SEVERITIES]
  return (
    <fieldset class="counters" aria-label="severities">
      {kinds.map((kind) => {
        const own = rules.filter((rule) => kind === undefined || rule.severity === kind)
        return (
          <button
            key={kind ?? "all"}
            type="button"
            class={`counter ${kind ?? ""} ${own.length > 0 ? "some" : ""}`}
            aria-pressed={severity.value === kind}
            onClick={() => go({ show: kind })}
          >
            {kind ? SEVERITY_WORDS[kind] : "all"} <b>{own.length}</b>
          </button>
        )
      })}
    </fieldset>
  )
}

function Nothing() {
  const answer = review.value
  if (!answer?.isComplete) return <div class="empty">Reading the capture…</div>
  if (answer.rules.length > 0) return <div class="empty">No finding is of this severity.</div>
  return (
    <div class="empty">
      <strong>No findings.</strong>
      <span>{countText(answer.checked)} operations were checked against all rules.</span>
    </div>
  )
}

function RuleRow({ rule, isChosen, isCursor }: { rule: RuleFindings; isChosen: boolean; isCursor: boolean }) {
  const { rule: id, severity: kind, title, count, plugins } = rule
  return (
    <div
      id={`rule-${id}`}
      class={`list-row rule-row ${isCursor && !isChosen ? "cursor" : ""}`}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      title={`${SEVERITY_WORDS[kind]}: ${title}, ${times(count)}, in ${plugins.join(", ")}`}
      onClick={() => go({ rule: id })}
      onKeyDown={() => undefined}
    >
      <SeverityMark severity={kind} />
      <span class="nowrap title">{title}</span>
      <span class="badge">{countText(count)}</span>
      <span class="nowrap dim said">
        <span class="mono">{id}</span> in {plugins.join(", ")}
      </span>
    </div>
  )
}

function times(count: number): string {
  return count === 1 ? "once" : `${countText(count)} times`
}

function RuleDetail({ id, rule }: { id: string; rule: RuleFindings | undefined }) {
  return (
    <section class="detail" aria-label={`rule ${id}`} tabIndex={-1}>
      <header class="head">
        <div class="head-line">
          {rule && <SeverityMark severity={rule.severity} />}
          <h1>{rule?.title ?? id}</h1>
          <CloseLink href={link({ rule: undefined })} what="rule" />
        </div>
        {rule && (
          <dl class="facts">
            <div>
              <dt>rule</dt>
              <dd class="mono">{id}</dd>
            </div>
            <div>
              <dt>found</dt>
              <dd>{times(rule.count)}</dd>
            </div>
            <div>
              <dt>in</dt>
              <dd>{rule.plugins.join(", ")}</dd>
            </div>
          </dl>
        )}
      </header>
      {!rule ? (
        <div class="empty">
          {review.value?.isComplete ? "No recorded call has this finding." : "Reading the capture…"}
        </div>
      ) : (
        <ScrollRegion class="evidence" label="evidence">
          <p class="remedy">
            <WithCode text={asTyped(source.value, rule.remedy)} />
          </p>
          <p class="dim">
            Source:{" "}
            <a href={rule.source.link} target="_blank" rel="noopener noreferrer">
              {rule.source.text}
            </a>
          </p>
          <h2>
            Evidence
            {rule.groups.length > MAX_SHOWN && <span class="dim"> (last {MAX_SHOWN})</span>}
          </h2>
          <ol>
            {rule.groups.slice(0, MAX_SHOWN).map((group) => (
              <EvidenceRow key={`${group.evidence.call} ${group.detail}`} group={group} />
            ))}
          </ol>
        </ScrollRegion>
      )}
    </section>
  )
}

/** A longer list would not be read. */
const MAX_SHOWN = 60

/** The newest of findings that are alike, as a link to the bytes that prove it. */
function EvidenceRow({ group }: { group: FindingGroup }) {
  const { detail, plugin, command, wallMs, operation, evidence, count, podCount } = group
  const { call, stream, byte, excerpt } = evidence
  return (
    <li>
      <a
        class="evidence-row"
        href={link({ view: "operations", rule: undefined, operation, panel: "calls", call, stream, byte, q: "" })}
      >
        <span class="evidence-head">
          <span class="mono dim" title={exactTime(wallMs)}>
            {timeOfDay(wallMs, minuteMs.value)}
          </span>
          <b>{command}</b>
          <span class="nowrap">{podName(group)}</span>
          <span class="dim">
            {plugin}, {stream}
            {byte !== undefined && ` at byte ${byte}`}
            {count > 1 && `; ${times(count)}${podCount > 1 ? `, ${podCount} pods` : ""}`}
          </span>
        </span>
        {detail && <span class="said">{detail}</span>}
        {excerpt.trim() && <code class="excerpt nowrap">{excerpt.trim().replace(/\s+/g, " ")}</code>}
      </a>
    </li>
  )
}
