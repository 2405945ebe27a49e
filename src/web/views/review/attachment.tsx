import { podName } from "../../../model/format.ts"
import type { Attempt, Holding } from "../../../model/ledger/attachment.ts"
import type { LedgerRow } from "../../../model/ledger/node-ledger.ts"
import { ATTACHMENT_OUTCOMES, ATTACHMENT_WORDS } from "../../parts/attachment.ts"
import { exactTime, timeOfDay } from "../../parts/clock.ts"
import { CloseLink } from "../../parts/close-link.tsx"
import { asTyped } from "../../parts/command-line.ts"
import { FactTable } from "../../parts/fact-table.tsx"
import { ScrollRegion } from "../../parts/list/scroll-region.tsx"
import { OUTCOME_WORDS, OutcomeMark } from "../../parts/marks/outcome.tsx"
import { source } from "../../state/capture.ts"
import { minuteMs } from "../../state/now.ts"
import { review } from "../../state/review.ts"
import { link } from "../../state/route.ts"

const NETNS_WORDS = { active: "active", stale: "no longer a namespace", gone: "gone" } as const

/** One attachment: its ADD and DELs, what plugins may still hold, and links to the calls. */
export function AttachmentDetail({ name, row }: { name: string; row: LedgerRow | undefined }) {
  return (
    <section class="detail" aria-label={`attachment ${name}`} tabIndex={-1}>
      <header class="head">
        <div class="head-line">
          {row && <OutcomeMark outcome={ATTACHMENT_OUTCOMES[row.state]} />}
          <h1 class="nowrap">
            {row?.pod ? (
              <a href={link({ view: "pods", attachment: undefined, pod: podName(row) })}>{podName(row)}</a>
            ) : (
              name
            )}
          </h1>
          {row && <span class="dim">{ATTACHMENT_WORDS[row.state]}</span>}
          <CloseLink href={link({ attachment: undefined })} what="attachment" />
        </div>
      </header>
      {row ? (
        <Books row={row} />
      ) : (
        <div class="empty">{review.value?.isComplete ? "It was deleted, or never added." : "Reading the capture…"}</div>
      )}
    </section>
  )
}

function Books({ row }: { row: LedgerRow }) {
  const { reason, warning, release, network, ifname, containerId, netns, netnsState, ips, node } = row
  const { add, dels, delCount, holdings, files } = row
  const facts: [name: string, value: string | undefined][] = [
    ["network", network],
    ["ifname", ifname],
    ["addresses", ips.join(" ")],
    ["container", containerId],
    ["netns", netns && `${netns}${netnsState ? ` (${NETNS_WORDS[netnsState]})` : ""}`],
    ["node", node],
    ["release with", release && asTyped(source.value, release)],
  ]
  return (
    <ScrollRegion class="evidence" label="attachment">
      <p class="remedy">{[reason, warning].filter(Boolean).join("; ")}</p>
      <FactTable facts={facts} class="books" />
      {(add || delCount > 0) && (
        <>
          <h2>ADD and DEL</h2>
          <ol class="tries">
            {add && <TryLine command="ADD" attempt={add} />}
            {dels.map((del) => (
              <TryLine key={del.operation} command="DEL" attempt={del} />
            ))}
            {delCount > dels.length && <li class="dim">and {delCount - dels.length} more DEL</li>}
          </ol>
        </>
      )}
      {holdings.length > 0 && (
        <>
          <h2>Plugins that may still hold resources</h2>
          <ol class="tries">
            {holdings.map((holding) => (
              <HoldingLine key={holding.plugin} holding={holding} />
            ))}
          </ol>
        </>
      )}
      {files.length > 0 && (
        <>
          <h2>Files on the node that mention it</h2>
          <ul class="tries mono">
            {files.map((path) => (
              <li key={path}>{path}</li>
            ))}
          </ul>
        </>
      )}
    </ScrollRegion>
  )
}

function TryLine({ command, attempt: { operation, wallMs, outcome } }: { command: string; attempt: Attempt }) {
  return (
    <li>
      <a href={callLink(operation)}>
        <OutcomeMark outcome={outcome} />
        <b>{command}</b>
        <span class="mono dim" title={exactTime(wallMs)}>
          {timeOfDay(wallMs, minuteMs.value)}
        </span>
        <span class="dim">{OUTCOME_WORDS[outcome]}</span>
      </a>
    </li>
  )
}

function HoldingLine({ holding }: { holding: Holding }) {
  const { plugin, addCall, addOutcome, delCall, delOutcome } = holding
  return (
    <li>
      <OutcomeMark outcome={delOutcome ?? addOutcome} />
      <b>{plugin}</b>
      {addCall ? (
        <a href={callLink(addCall)}>ADD {OUTCOME_WORDS[addOutcome]}</a>
      ) : (
        <span class="dim">added before this capture</span>
      )}
      {delCall && delOutcome ? (
        <a href={callLink(delCall)}>DEL {OUTCOME_WORDS[delOutcome]}</a>
      ) : (
        <span class="dim">no DEL</span>
      )}
    </li>
  )
}

/** An operation is found by the ID of any of its calls. */
function callLink(call: string): string {
  return link({ view: "operations", attachment: undefined, operation: call, panel: "calls", call, q: "" })
}
