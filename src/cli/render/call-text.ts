import { applyEdits, format } from "jsonc-parser"
import type { Payload } from "../../capture/record.ts"
import { parseJson } from "../../cni/json.ts"
import { type Call, isFailed } from "../../model/call.ts"
import { errorTextOf } from "../../model/explain/error-text.ts"
import { failingCallOf } from "../../model/explain/failing-call.ts"
import { age, duration, podName, processText, stateText } from "../../model/format.ts"
import { hexDump } from "../../model/hex-dump.ts"
import type { CallNode, Operation } from "../../model/operation.ts"
import { reasonText } from "../../model/outcome.ts"
import { type Paint, visible } from "../terminal/colour.ts"
import { callDuration, OUTCOME_COLOURS } from "./operation-table.ts"
import { type PreviousResult, previousResults } from "./previous-results.ts"

/** `isBrief`: without environment and streams. `isWide`: with the names of unrecorded variables, and nothing folded. */
export type CallTextStyle = { isBrief?: boolean; isWide?: boolean }

/** An operation as text: its facts, its tree of calls, then each call in full, the one that failed first. */
export function operationText(operation: Operation, paint: Paint, nowMs: number, style: CallTextStyle = {}): string {
  const { outcome, outcomeReason, command, node, runtime, network, netns, ifname, containerId, wallMs } = operation
  const facts: [string, string | undefined][] = [
    ["reason", outcomeReason && reasonText(outcomeReason)],
    ["pod", podName(operation)],
    ["container", containerId],
    ["network", network],
    ["ifname", ifname],
    ["netns", netns],
    ["runtime", runtime],
    ["node", node],
    ["started", `${new Date(wallMs).toISOString()} (${age(wallMs, nowMs)} ago)`],
    ["duration", duration(operation.durationMs)],
  ]
  return [
    `${paint(command, "bold")} ${operation.id}  ${paint(outcome, OUTCOME_COLOURS[outcome])}`,
    ...factLines(facts),
    "",
    ...treeLines(operation.calls, paint),
    ...callsLines(operation, operation.calls, paint, style),
    "",
  ].join("\n")
}

/** A call as text, with the calls that its plugin made. */
export function callText(node: CallNode, operation: Operation, paint: Paint, style: CallTextStyle = {}): string {
  const lines = [
    `call ${node.call.id} of ${operation.command} ${operation.id} (${visible(podName(operation))})`,
    "",
    ...treeLines([node], paint),
    ...callsLines(operation, [node], paint, style),
    "",
  ]
  return lines.join("\n")
}

function callsLines(operation: Operation, nodes: CallNode[], paint: Paint, style: CallTextStyle): string[] {
  const calls = nodesOf(nodes)
  const failing = failingCallOf(operation)?.call
  const first = calls.filter((call) => call === failing)
  if (style.isBrief) return first.flatMap((call) => ["", ...errorLines(call, paint)])
  const folded = style.isWide ? undefined : previousResults(operation.calls)
  const rest = calls.filter((call) => call !== failing)
  return [...first, ...rest].flatMap((call) => ["", ...callLines(call, paint, style, folded?.get(call.id))])
}

/** What a failing call said. */
function errorLines(call: Call, paint: Paint): string[] {
  const text = errorTextOf(call)
  return text ? [`${paint(visible(call.plugin), "bold")}: ${visible(text)}`] : []
}

function treeLines(nodes: CallNode[], paint: Paint, indent = ""): string[] {
  return nodes.flatMap((node, at) => {
    const isLast = at === nodes.length - 1
    const { call } = node
    const colour = isFailed(call) ? "red" : call.state === "ended" ? undefined : "yellow"
    const took = call.state === "ended" ? callDuration(call) : ""
    const parts = [visible(call.plugin), took, paint(stateText(call), colour), paint(call.id, "dim")]
    const line = `${indent}${isLast ? "└─" : "├─"} ${parts.filter((part) => part !== "").join("  ")}`
    return [line, ...treeLines(node.children, paint, `${indent}${isLast ? "   " : "│  "}`)]
  })
}

function callLines(call: Call, paint: Paint, style: CallTextStyle, folded: PreviousResult | undefined): string[] {
  const colour = isFailed(call) ? "red" : undefined
  return [
    `${paint(`── ${visible(call.plugin)}`, "bold")} ${paint(call.id, "dim")}  ${[callDuration(call), paint(stateText(call), colour)].filter(Boolean).join("  ")}`,
    ...factLines([
      ["path", call.path],
      ["argv", call.argv.join(" ")],
      ["original", call.original && originalText(call.original)],
      ["process", processText(call)],
      [
        "started",
        call.spawnMs === undefined
          ? undefined
          : `in ${duration(call.spawnMs)}, ran ${duration((call.durationMs ?? 0) - call.spawnMs)}`,
      ],
      ["memory", call.usage ? `${(call.usage.maxRssBytes / 1048576).toFixed(1)} MiB at most` : undefined],
      ["cpu", call.usage ? `${duration(call.usage.userMs)} user, ${duration(call.usage.systemMs)} system` : undefined],
    ]),
    paint("env", "dim"),
    ...Object.entries(call.env).map(([name, value]) => `  ${visible(name)}=${visible(value)}`),
    ...(call.envNames.length === 0
      ? []
      : style.isWide
        ? [`  and, values not recorded: ${visible(call.envNames.join(" "))}`]
        : [paint(`  and ${call.envNames.length} whose values are not recorded (-o wide names them)`, "dim")]),
    ...streamLines("stdin", folded ? withoutPrevResult(call.stdin, folded) : call.stdin, paint).map((line) =>
      folded ? line.replace(PLACEHOLDER, () => `(${visible(folded.origin)})`) : line,
    ),
    ...outputLines("stdout", call, paint),
    ...outputLines("stderr", call, paint),
  ]
}

/** Identifies the build of the plugin: an agent may have replaced it since. */
function originalText({ sizeBytes, modifiedMs }: NonNullable<Call["original"]>): string {
  return `${(sizeBytes / 1048576).toFixed(1)} MiB, of ${new Date(modifiedMs).toISOString().slice(0, 19)}Z`
}

/** A call without an end may have progress records, which hold the beginning of what it has written so far. */
function outputLines(name: "stdout" | "stderr", call: Call, paint: Paint): string[] {
  const payload = call[name]
  if (call.state === "ended") return streamLines(name, payload, paint)
  const reason = call.state === "running" ? "the call has not ended" : "the end of the call was not recorded"
  if (!payload) return [paint(`${name} (nothing recorded: ${reason})`, "dim")]
  return streamLines(name, payload, paint, ["so far"])
}

/** JSON is indented; anything else is unchanged except for control characters, which are escaped. */
function streamLines(name: string, payload: Payload | undefined, paint: Paint, more: string[] = []): string[] {
  if (!payload) return []
  const notes = [
    `${payload.sizeBytes} bytes`,
    ...more,
    ...("base64" in payload ? ["not UTF-8"] : []),
    ...(payload.truncatedBy === "search" ? ["truncated where the search for secrets ended"] : []),
    ...(payload.truncatedBy === "loss" ? ["truncated where the observer lost the rest"] : []),
    ...(payload.truncated && !payload.truncatedBy ? ["truncated in the record"] : []),
    ...(payload.redacted ? [`redacted: ${payload.redacted.join(" ")}`] : []),
  ]
  const head = paint(`${name} (${visible(notes.join(", "))})`, "dim")
  if (payload.sizeBytes === 0) return [paint(`${name} (empty)`, "dim")]
  const content = "text" in payload ? indented(payload.text) : hexDump(Buffer.from(payload.base64, "base64")).join("\n")
  return [
    head,
    ...content
      .replace(/\n$/, "")
      .split("\n")
      .map((line) => `  ${visible(line)}`),
  ]
}

/** Stands for a folded value: no JSON text contains a private-use character next to quotes by chance. */
const PLACEHOLDER = '"\uf8ff"'

/** The size stays that of the recorded stream. */
function withoutPrevResult(payload: Payload | undefined, { offset, length }: PreviousResult): Payload | undefined {
  if (!payload || !("text" in payload)) return payload
  const { text } = payload
  return { ...payload, text: `${text.slice(0, offset)}${PLACEHOLDER}${text.slice(offset + length)}` }
}

/** Changes only white space: duplicate keys and long numbers stay as the plugin wrote them. */
function indented(text: string): string {
  if (parseJson(text) === undefined) return text
  return applyEdits(text, format(text, undefined, { tabSize: 2, insertSpaces: true, eol: "\n" }))
}

function factLines(facts: [string, string | undefined][]): string[] {
  return facts.flatMap(([name, value]) => (value ? [`  ${name.padEnd(10)} ${visible(value)}`] : []))
}

function nodesOf(tree: CallNode[]): Call[] {
  return tree.flatMap((node) => [node.call, ...nodesOf(node.children)])
}
