import { podName } from "../../../model/format.ts"
import { ATTACHMENT_OUTCOMES, isTrouble, keyOf, troublesFirst } from "../../parts/attachment.ts"
import { OutcomeMark } from "../../parts/marks/outcome.tsx"
import { SeverityMark } from "../../parts/marks/severity.tsx"
import { review, useReview } from "../../state/review.ts"
import { link, NOTHING_OPEN } from "../../state/route.ts"
import { Reviewing } from "../review/reviewing.tsx"

const SHOWN = 8

/** The worst of the findings and of the ledger, side by side. */
export function Verdict() {
  return (
    <div class="charts">
      <WorstFindings />
      <OpenLedger />
    </div>
  )
}

/** What is wrong most, each with a link to where it shows. */
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
            {rules.length === 1 ? "one rule broken" : `${rules.length} rules broken`}
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
        {answer?.isComplete && rules.length === 0 && (
          <li class="dim">None: {answer.checked} operations were held against every rule.</li>
        )}
      </ul>
    </section>
  )
}

/** What is attached now, and what somebody must look after. */
function OpenLedger() {
  const answer = review.value
  const rows = troublesFirst(answer?.ledger ?? [])
  const troubles = rows.filter(isTrouble)
  return (
    <section class="sandbox" aria-label="ledger">
      <header>
        <h2>Ledger</h2>
        <span class="dim">
          {rows.filter(({ state }) => state === "up").length} attached, {answer?.gone ?? 0} came and went
        </span>
        {troubles.length > 0 && (
          <a href={link({ view: "ledger", ...NOTHING_OPEN })}>{troubles.length} left behind or failed</a>
        )}
      </header>
      <ul class="summary">
        {troubles.slice(0, SHOWN).map((row) => (
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
        {answer?.isComplete && troubles.length === 0 && <li class="dim">Nothing was left behind.</li>}
      </ul>
    </section>
  )
}
