import { type Call, isFailed } from "../../model/call.ts"
import { age, duration, podName } from "../../model/format.ts"
import type { CallNode, Operation } from "../../model/operation.ts"
import { reasonText } from "../../model/outcome.ts"
import { operationOutput } from "../output/call-output.ts"
import type { Colour } from "../terminal/colour.ts"
import type { Column, Table } from "./table.ts"

/** One line per operation. */
export function operationTable(nowMs: () => number): Table<Operation, "Operation"> {
  return {
    kind: "Operation",
    value: operationOutput,
    name: ({ id }) => `operation/${id}`,
    empty: "no operation found",
    columns: [
      { title: "ID", text: ({ id }) => id, colour: () => "dim" },
      { title: "AGE", alignRight: true, text: ({ wallMs }) => age(wallMs, nowMs()) },
      { title: "TIME", isWide: true, text: ({ wallMs }) => new Date(wallMs).toISOString() },
      { title: "NODE", isWide: "of several", text: ({ node }) => node ?? "" },
      { title: "RUNTIME", isWide: true, text: ({ runtime }) => runtime ?? "" },
      { title: "COMMAND", text: ({ command }) => command },
      { title: "POD", text: podName },
      { title: "NETWORK", isWide: true, text: ({ network }) => network ?? "" },
      { title: "IFNAME", isWide: true, text: ({ ifname }) => ifname ?? "" },
      { title: "CONTAINER", isWide: true, text: ({ containerId }) => containerId?.slice(0, 13) ?? "" },
      { title: "DURATION", alignRight: true, text: ({ durationMs }) => duration(durationMs) },
      outcomeColumn,
      { title: "PLUGINS", text: pluginsText },
    ],
  }
}

export const OUTCOME_COLOURS: Record<Operation["outcome"], Colour> = {
  ok: "green",
  failed: "red",
  killed: "red",
  running: "yellow",
  unknown: "yellow",
}

const outcomeColumn: Column<Operation> = {
  title: "OUTCOME",
  text: ({ outcome }) => outcome,
  colour: ({ outcome }) => OUTCOME_COLOURS[outcome],
}

/** The calls of the list, and why the operation failed if no call did. */
function pluginsText({ calls, outcomeReason }: Operation): string {
  const plugins = calls.map(pluginText).join(", ")
  if (!outcomeReason || outcomeReason.kind === "plugin-failed") return plugins
  return `${plugins}; ${reasonText(outcomeReason)}`
}

/** `bridge 31.4ms (host-local 2.10ms)`; calls that did not succeed are marked. */
function pluginText(node: CallNode): string {
  const nested = node.children.map(pluginText).join(", ")
  const mark = isFailed(node.call) ? "!" : ""
  return `${node.call.plugin}${mark} ${callDuration(node.call)}${nested ? ` (${nested})` : ""}`.trim()
}

export function callDuration(call: Call): string {
  if (call.state !== "ended") return call.state
  return duration(call.durationMs)
}
