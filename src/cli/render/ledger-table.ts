import { age, podName } from "../../model/format.ts"
import type { LedgerRow } from "../../model/ledger/node-ledger.ts"
import { attachmentOutput } from "../output/attachment-output.ts"
import type { Colour } from "../terminal/colour.ts"
import type { Table } from "./table.ts"

/** Colours of states; red if something was left behind. */
const COLOURS: Partial<Record<LedgerRow["state"], Colour>> = {
  up: "green",
  starting: "yellow",
  stopping: "yellow",
  gone: "dim",
  unknown: "yellow",
}

/** One line per attachment; `isWhole` shows operations and files without -o wide too. */
export function ledgerTable(nowMs: number, empty: string, isWhole = false): Table<LedgerRow, "Attachment"> {
  const whole = isWhole ? {} : { isWide: true as const }
  return {
    kind: "Attachment",
    value: attachmentOutput,
    name: ({ containerId, ifname }) => `attachment/${containerId}${ifname ? `/${ifname}` : ""}`,
    empty,
    columns: [
      { title: "STATE", text: ({ state }) => state, colour: ({ state }) => COLOURS[state] ?? "red" },
      { title: "AGE", alignRight: true, text: ({ add }) => (add ? age(add.wallMs, nowMs) : "") },
      { title: "NODE", isWide: "of several", text: ({ node }) => node ?? "" },
      { title: "POD", text: (row) => (row.pod ? podName(row) : "") },
      { title: "NETWORK", text: ({ network }) => network ?? "" },
      { title: "IFNAME", text: ({ ifname }) => ifname ?? "" },
      { title: "IPS", text: ({ ips }) => ips.join(",") },
      { title: "CONTAINER", text: ({ containerId }) => containerId.slice(0, 13), colour: () => "dim" },
      { title: "ADD", ...whole, text: ({ add }) => (add ? `${add.operation} ${add.outcome}` : "") },
      { title: "DEL", ...whole, text: delText },
      { title: "WHY", text: whyText },
      { title: "NETNS", isWide: true, text: ({ netns, netnsState }) => [netns, netnsState].filter(Boolean).join(" ") },
      { title: "FILES", ...whole, text: ({ files }) => files.join(",") },
      { title: "RELEASE", ...whole, text: ({ release }) => release ?? "" },
    ],
  }
}

/** Nothing for an attachment that is in use as it should be. A broken file is named in no other column. */
function whyText({ state, files, reason, warning }: LedgerRow): string {
  if (state === "up") return warning ?? ""
  return [state === "broken" ? `${files.join(",")}: ${reason}` : reason, warning].filter(Boolean).join("; ")
}

function delText({ dels, delCount }: LedgerRow): string {
  const listed = dels.map(({ operation, outcome }) => `${operation} ${outcome}`)
  return [...listed, ...(delCount > dels.length ? [`and ${delCount - dels.length} more`] : [])].join(", ")
}
