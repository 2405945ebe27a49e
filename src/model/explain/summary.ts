import type { Call } from "../call.ts"
import { age, duration } from "../format.ts"
import { isLeftBehind, leftBehindText } from "../ledger/left-behind.ts"
import type { Finding } from "../lint/finding.ts"
import { type Operation, walk } from "../operation.ts"
import type { Conclusion } from "./conclusion.ts"
import { resultAddresses } from "./error-text.ts"
import { findingOfAnswer, sentenceOf } from "./refused-answer.ts"
import type { ExplainContext, Statement } from "./statement.ts"

/** The facts of an operation in which no plugin failed. */
export function summaryOf(operation: Operation, { list, nowMs }: ExplainContext): Statement[] {
  const slowest = walk(operation.calls)
    .map(({ call }) => call)
    .sort((a, b) => (b.durationMs ?? 0) - (a.durationMs ?? 0))[0]
  const ips = resultAddresses(operation)
  const facts = [
    `${operation.calls.map(({ call }) => call.plugin).join(", ")} exited with 0`,
    ...(ips.length > 0 ? [`assigned ${ips.join(", ")}`] : []),
    ...(slowest?.durationMs === undefined ? [] : [`slowest was ${slowest.plugin} (${duration(slowest.durationMs)})`]),
  ]
  const statements: Statement[] = [{ topic: "result", text: facts.join("; "), call: operation.id }]
  if (list && list.removed.length > 0) {
    const text = `${list.removed.join(", ")} not called since ${age(list.fromMs, nowMs)} ago`
    statements.push({ topic: "list changed", text })
  }
  return statements
}

/** A kubelet may forget a sandbox: the pod runs in a new one, and the old one was never deleted. */
export function leakedBefore(operation: Operation, { attachments, nowMs }: ExplainContext): Statement[] {
  return attachments.flatMap((row): Statement[] => {
    const { state, containerId, add } = row
    const isBefore = add !== undefined && add.wallMs < operation.wallMs
    if (operation.command !== "ADD" || !isBefore || containerId === operation.containerId) return []
    if (state !== "up" && !isLeftBehind(row)) return []
    const text = `${leftBehindText(row)} (sandbox ${containerId.slice(0, 13)}, added ${age(add.wallMs, nowMs)} ago)`
    return [{ topic: "left behind", text, call: add.operation }]
  })
}

/** What a plugin that failed was given, if something is wrong with it. */
export function findingsAboutInput(call: Call, { findings }: ExplainContext): Finding[] {
  return findings.filter(
    ({ severity, evidence: { call: id, stream } }) =>
      severity !== "note" && id === call.id && (stream === "stdin" || stream === "env"),
  )
}

const MAX_FINDINGS = 3

/** Findings that the headline does not have. */
export function findingsOf(conclusion: Conclusion, context: ExplainContext, refused?: Call): Statement[] {
  const { findings } = context
  const shown = conclusion.kind === "wrong" ? conclusion.finding : refused && findingOfAnswer(refused, context)
  const others = findings.filter((finding) => finding.severity !== "note" && finding !== shown)
  return listed(others)
}

/** The findings as statements, each text once. */
export function listed(findings: readonly Finding[]): Statement[] {
  const texts = [...new Set(findings.map((finding) => `${finding.plugin}: ${sentenceOf(finding)}`))]
  return texts.slice(0, MAX_FINDINGS).map((text, at) => {
    const rest = texts.length - MAX_FINDINGS
    const more = at === MAX_FINDINGS - 1 && rest > 0 ? ` (and ${rest} more: cnitap lint)` : ""
    return { topic: "findings", text: text + more }
  })
}
