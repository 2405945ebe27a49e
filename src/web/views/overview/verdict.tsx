import { podName } from "../../../model/format.ts"
import type { LedgerRow } from "../../../model/ledger/node-ledger.ts"
import { ATTACHMENT_OUTCOMES, isProblem, keyOf, problemsFirst } from "../../parts/attachment.ts"
import { countText } from "../../parts/count-text.ts"
import { OutcomeMark } from "../../parts/marks/outcome.tsx"
import { SeverityMark } from "../../parts/marks/severity.tsx"
import { review, useReview } from "../../state/review.ts"
import { link, NOTHING_OPEN } from "../../state/route.ts"
import { Reviewing } from "../review/reviewing.tsx"

const SHOWN = 8

/** The most severe findings, and the problems in the ledger. */
export function Verdict() {
  return (
    <div class="charts">
      <WorstFindings />
      <OpenLedger />
    </div>
  )
}

/** The most severe findings, each with a link to its evidence. */
function WorstFindings() {
  const answer = useReview()
  const rules = answer?.rules ?? []
  return (
    <section class="sandbox" aria-label="findings">
      <header>
        <h2>Findings</h2>
        <Reviewing />
        {rules.length > 0 && (
          <a href={link({ view: "findings", ...NOTHING_OPEN })}>
            {rules.length === 1 ? "1 rule" : `${rules.length} rules`}
          </a>
        )}
      </header>
      <ul class="summary">
        {rules.slice(0, SHOWN).map(({ rule, severity, title, count }) => (
          <li key={rule}>
            <a href={link({ view: "findings", rule })}>
              <SeverityMark severity={severity} />
              <span class="nowrap">{title}</span>
              <span class="badge">{countText(count)}</span>
            </a>
          </li>
        ))}
        {answer?.isComplete && rules.length === 0 && (
          <li class="dim">None in {countText(answer.checked)} operations.</li>
        )}
      </ul>
    </section>
  )
}

/** `2 leaked, 1 stuck`: by state, in the words of the ledger. */
function statesText(rows: readonly LedgerRow[]): string {
  const states = [...new Set(rows.map(({ state }) => state))]
  return states.map((each) => `${countText(rows.filter(({ state }) => state === each).length)} ${each}`).join(", ")
}

/** What is attached now, and what needs attention. */
function OpenLedger() {
  const answer = review.value
  const rows = problemsFirst(answer?.ledger ?? [])
  const problems = rows.filter(isProblem)
  return (
    <section class="sandbox" aria-label="ledger">
      <header>
        <h2>Ledger</h2>
        <span class="dim">
          {countText(rows.filter(({ state }) => state === "up").length)} attached, {countText(answer?.gone ?? 0)} added
          and deleted
        </span>
        {problems.length > 0 && <a href={link({ view: "ledger", ...NOTHING_OPEN })}>{statesText(problems)}</a>}
      </header>
      <ul class="summary">
        {problems.slice(0, SHOWN).map((row) => (
          <li key={keyOf(row)}>
            <a href={link({ view: "ledger", attachment: keyOf(row) })}>
              <OutcomeMark outcome={ATTACHMENT_OUTCOMES[row.state]} />
              <span class="nowrap">
                <b>{row.pod ? podName(row) : row.containerId.slice(0, 13)}</b> <span class="dim">{row.reason}</span>
              </span>
              <span class="mono dim">{row.ips.join(" ")}</span>
            </a>
          </li>
        ))}
        {answer?.isComplete && problems.length === 0 && <li class="dim">Nothing leaked, and nothing failed.</li>}
      </ul>
    </section>
  )
}
