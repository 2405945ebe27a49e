import type { Call } from "../model/call.ts"
import { errorStreamOf } from "../model/explain/error-text.ts"
import type { Explanation } from "../model/explain/statement.ts"
import { duration, podName, stateText } from "../model/format.ts"
import { type Operation, walk } from "../model/operation.ts"

const MOST_CHARACTERS = 4_000

/** An operation as Markdown for an issue: what happened, each call, and what the failed one printed, as it was recorded. */
export function issueReport(operation: Operation, explanation: Explanation | undefined, command: string): string {
  const { outcome, network, ifname, runtime, wallMs, durationMs } = operation
  const calls = walk(operation.calls)
  const facts = [
    ["network", network],
    ["interface", ifname],
    ["runtime", runtime],
    ["started", new Date(wallMs).toISOString()],
    ["duration", durationMs === undefined ? undefined : duration(durationMs)],
  ].filter(([, value]) => value)
  const failed = calls.findLast(({ call }) => call.state !== "ended" || errorStreamOf(call) !== undefined)?.call
  return [
    `### ${operation.command} ${inline(podName(operation))}: ${outcome}`,
    ...(explanation ? ["", inline(explanation.headline)] : []),
    "",
    facts.map(([name, value]) => `**${name}** ${inline(String(value))}`).join(" · "),
    "",
    "| plugin | ended | duration |",
    "| --- | --- | --- |",
    ...calls.map(
      ({ call, level }) =>
        `| ${"&nbsp;&nbsp;".repeat(level)}${inline(call.plugin)} | ${stateText(call)} | ${duration(call.durationMs)} |`,
    ),
    ...(failed ? streamsOf(failed) : []),
    "",
    `Recorded by cnitap; \`${command}\` shows more. Secrets are redacted as far as cnitap recognizes them: read this before you publish it.`,
    "",
  ].join("\n")
}

function streamsOf(call: Call): string[] {
  return (["stdout", "stderr", "stdin"] as const).flatMap((name) => {
    const payload = call[name]
    if (!payload || !("text" in payload) || payload.text.trim() === "") return []
    const text = payload.text.length > MOST_CHARACTERS ? `${payload.text.slice(0, MOST_CHARACTERS)}…` : payload.text
    // Longer than any run of backticks in the text.
    const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
    const fence = "`".repeat(longest + 1)
    return ["", `${name} of ${inline(call.plugin)}:`, "", fence, text.trimEnd(), fence]
  })
}

/** Names come from plugins and pods: they must not become markup, nor end a cell of the table. */
function inline(text: string): string {
  return text.replace(/[\r\n]+/g, " ").replace(/[\\`*_{}[\]<>#|@]/g, "\\$&")
}
