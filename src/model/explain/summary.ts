import { age, duration } from "../format.ts"
import { heldText } from "../ledger/left-behind.ts"
import { type Operation, walk } from "../operation.ts"
import { resultAddresses } from "./error-text.ts"
import type { ExplainContext, Statement } from "./statement.ts"

/** The facts of an operation that succeeded. */
export function summaryOf(operation: Operation, { related, list, nowMs }: ExplainContext): Statement[] {
  const slowest = [...walk(operation.calls)]
    .map(({ call }) => call)
    .sort((a, b) => (b.durationMs ?? 0) - (a.durationMs ?? 0))[0]
  const ips = resultAddresses(operation)
  const failed = related.filter(({ outcome }) => outcome === "failed" || outcome === "killed").length
  const facts = [
    `${operation.calls.map(({ call }) => call.plugin).join(", ")} exited with 0`,
    ...(ips.length > 0 ? [`assigned ${ips.join(", ")}`] : []),
    ...(slowest?.durationMs === undefined ? [] : [`slowest was ${slowest.plugin} (${duration(slowest.durationMs)})`]),
  ]
  const statements: Statement[] = [{ topic: "result", text: facts.join("; "), call: operation.id }]
  const last = related.at(-1)
  if (last && last.id !== operation.id) {
    const text = `${last.command} ${age(last.wallMs, nowMs)} ago: ${last.outcome}`
    statements.push({ topic: "since then", text, call: last.id })
  }
  if (list && list.removed.length > 0) {
    const text = `${list.removed.join(", ")} not called since ${age(list.fromMs, nowMs)} ago`
    statements.push({ topic: "list changed", text })
  }
  if (failed > 0) statements.push({ topic: "attempts", text: `${failed} other operations of it failed` })
  return statements
}

/** A kubelet may forget a sandbox: the pod runs in a new one, and the old one was never deleted. */
export function leakedBefore(operation: Operation, { attachments, nowMs }: ExplainContext): Statement[] {
  return attachments.flatMap((attachment): Statement[] => {
    const { state, containerId, add } = attachment
    const isBefore = add !== undefined && add.wallMs < operation.wallMs
    if (operation.command !== "ADD" || state !== "up" || !isBefore || containerId === operation.containerId) return []
    const held = heldText(attachment)
    const text = `${held}: no DEL of sandbox ${containerId.slice(0, 13)}, added ${age(add.wallMs, nowMs)} ago`
    return [{ topic: "left behind", text, call: add.operation }]
  })
}

export function findingsOf({ findings }: ExplainContext): Statement[] {
  const worse = findings.filter(({ severity }) => severity !== "note")
  const rules = [...new Set(worse.map(({ rule }) => rule))]
  return rules.length > 0 ? [{ topic: "findings", text: `${rules.join(", ")} (details: cnitap lint)` }] : []
}

export function nextStepsAfterSuccess(operation: Operation, { related }: ExplainContext): Statement[] {
  const isDeleted = related.some(
    ({ command, outcome, wallMs }) => command === "DEL" && outcome === "ok" && wallMs > operation.wallMs,
  )
  return isDeleted || operation.command !== "ADD"
    ? [{ topic: "next step", text: `cnitap show ${operation.id}` }]
    : [{ topic: "next step", text: "CNI succeeded: check routes, network policy, DNS and the pod itself" }]
}
