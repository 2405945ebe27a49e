import { podName } from "../../../model/format.ts"
import { ATTACHMENT_OUTCOMES, isProblem, keyOf, problemsFirst } from "../../parts/attachment.ts"
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
            {rules.length === 1 ? "1 rule violated" : `${rules.length} rules violated`}
          </a>
        )}
      </header>
      <ul class="summary">
        {rules.slice(0, SHOWN).map(({ rule, severity, title, count }) => (
          <li key={rule}>
            <a href={link({ view: "findings", rule })}>
              <SeverityMark severity={severity} />
              <span class="nowrap">{title}</span>
              <span class="badge">{count}</span>
            </a>
          </li>
        ))}
        {answer?.isComplete && rules.length === 0 && <li class="dim">None in {answer.checked} operations.</li>}
      </ul>
    </section>
  )
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
          {rows.filter(({ state }) => state === "up").length} attached, {answer?.gone ?? 0} added and deleted
        </span>
        {problems.length > 0 && (
          <a href={link({ view: "ledger", ...NOTHING_OPEN })}>{problems.length} left behind or failed</a>
        )}
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
        {answer?.isComplete && problems.length === 0 && <li class="dim">Nothing was left behind.</li>}
      </ul>
    </section>
  )
}
