import "./theme.css"
import "./app.css"
import "./print.css"
import { lossSummary } from "../model/losses.ts"
import { dateAndTime } from "./parts/clock.ts"
import { asTyped } from "./parts/command-line.ts"
import { TimeStrip } from "./parts/strip/time-strip.tsx"
import { announcement } from "./state/announce.ts"
import {
  captureState,
  connection,
  hasSeveralNodes,
  isReady,
  losses,
  note,
  operations,
  readShare,
  source,
  unreadLines,
} from "./state/capture.ts"
import { isHelpOpen } from "./state/keys.ts"
import { minuteMs } from "./state/now.ts"
import { nextTheme } from "./state/preferences/theme.ts"
import { zoneLabel } from "./state/preferences/time-zone.ts"
import { link, NOTHING_OPEN, type Route, route, type View } from "./state/route.ts"
import { Help } from "./views/help/help.tsx"
import { Operations } from "./views/operations/operations.tsx"
import { Overview } from "./views/overview/overview.tsx"
import { Pods } from "./views/pods/pods.tsx"
import { Findings } from "./views/review/findings.tsx"
import { LedgerView } from "./views/review/ledger.tsx"

const TABS: { view: View; title: string }[] = [
  { view: "operations", title: "Operations" },
  { view: "pods", title: "Pods" },
  { view: "overview", title: "Overview" },
  { view: "findings", title: "Findings" },
  { view: "ledger", title: "Ledger" },
]

export function App() {
  return (
    <div class={`app ${hasSeveralNodes.value ? "with-nodes" : ""}`}>
      <header class="top">
        <a class="brand" href={link({ view: "operations", ...NOTHING_OPEN })} aria-label="cnitap, operations">
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <rect width="16" height="16" rx="4" />
            <path d="M3 8h3l2-4 2 8 1.5-4H13" />
          </svg>
          <span>cnitap</span>
        </a>
        <nav aria-label="views">
          {TABS.map(({ view, title }) => (
            <a
              key={view}
              class="tab"
              href={link({ view, ...NOTHING_OPEN, show: undefined })}
              aria-current={route.value.view === view ? "page" : undefined}
            >
              {title}
            </a>
          ))}
        </nav>
        <SourceState />
        <button type="button" class="icon" onClick={nextTheme} aria-label="switch theme" title="switch theme (t)">
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <circle cx="8" cy="8" r="5.5" />
            <path class="solid" d="M8 2.5a5.5 5.5 0 0 1 0 11z" />
          </svg>
        </button>
        <button
          type="button"
          class="icon"
          onClick={() => (isHelpOpen.value = true)}
          aria-label="keys and filters"
          title="keys and filters (?)"
        >
          ?
        </button>
      </header>
      <p class="print-head">{printHead()}</p>
      <Notices />
      <p class="visually-hidden" aria-live="polite">
        {announcement.value}
      </p>
      <TimeStrip />
      <main>
        {!isDetailOpen(route.value) && (
          <h1 class="visually-hidden">{TABS.find(({ view }) => view === route.value.view)?.title}</h1>
        )}
        <CurrentView />
      </main>
      {isHelpOpen.value && <Help />}
    </div>
  )
}

/** Then its own heading is the page's. */
function isDetailOpen({ operation, pod, rule, attachment }: Route): boolean {
  return (operation ?? pod ?? rule ?? attachment) !== undefined
}

/** Above a printed page: of what, when, and in which time zone. */
function printHead(): string {
  const { host = "", path = "" } = source.value ?? {}
  const { q } = route.value
  const when = `${dateAndTime(minuteMs.value)} ${zoneLabel(minuteMs.value)}`
  return [`${host}:${path}`, `as of ${when}`, q && `filter: ${q}`].filter(Boolean).join("  ·  ")
}

function CurrentView() {
  if (connection.value === "denied" && operations.value.length === 0) return <AccessDenied />
  switch (route.value.view) {
    case "operations":
      return <Operations />
    case "pods":
      return <Pods />
    case "overview":
      return <Overview />
    case "findings":
      return <Findings />
    case "ledger":
      return <LedgerView />
  }
}

/** Where the data comes from, and whether it is up to date. */
function SourceState() {
  const from = source.value
  const state = connection.value
  const percent = Math.floor(readShare.value * 100)
  const text =
    state === "lost"
      ? "disconnected, retrying"
      : state === "denied"
        ? "access denied"
        : !isReady.value
          ? `reading ${percent} %`
          : state === "static"
            ? `file, as of ${dateAndTime(minuteMs.value)}`
            : captureState.value.trouble
              ? "capture not readable"
              : from?.isLive
                ? "live"
                : "bundle"
  return (
    <div class={`source ${state}`} title={from ? `${from.path} on ${from.host}` : ""}>
      <span class="path nowrap">{from ? `${from.host}:${from.path}` : ""}</span>
      <span class="state" role="status">
        <i class={`dot ${text === "live" ? "beats" : ""}`} aria-hidden="true" />
        {text}
      </span>
    </div>
  )
}

function Notices() {
  const unread = Object.entries(unreadLines.value)
  const lines = unread.reduce((sum, [, count]) => sum + count, 0)
  const { trouble, clocks } = captureState.value
  return (
    <section class="notices" aria-label="notices">
      {trouble && (
        <p class="notice" role="alert">
          {trouble.error}. {trouble.hint}
        </p>
      )}
      {connection.value === "denied" && operations.value.length > 0 && (
        <p class="notice" role="alert">
          The server was restarted and does not know this page; what is shown was read before. Open the URL that{" "}
          <code>{asTyped(source.value, "cnitap serve")}</code> printed in this tab to go on.
        </p>
      )}
      {clocks && hasSeveralNodes.value && (
        <p class="notice" role="note">
          {clocks.charAt(0).toUpperCase() + clocks.slice(1)}
        </p>
      )}
      {note.value && (
        <p class="notice" role="note">
          {note.value}
        </p>
      )}
      {lossSummary(losses.value).map((text) => (
        <p key={text} class="notice" role="note">
          {text}
        </p>
      ))}
      {lines > 0 && (
        <p class="notice" role="note">
          {lines === 1 ? "1 line" : `${lines} lines`} of the capture could not be read:{" "}
          {unread.map(([kind, count]) => `${count} ${kind}`).join(", ")}
        </p>
      )}
    </section>
  )
}

function AccessDenied() {
  return (
    <div class="empty" role="alert">
      <strong>The server denied access: invalid token.</strong>
      <span>
        It was restarted, or the URL is incomplete. Open the URL that <code>cnitap serve</code> printed.
      </span>
    </div>
  )
}
