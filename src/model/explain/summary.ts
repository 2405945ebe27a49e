import { age, duration } from "../format.ts"
import { type Operation, walk } from "../operation.ts"
import { resultAddresses } from "./error-text.ts"
import type { ExplainContext, Statement } from "./statement.ts"

/** What a person asks of an operation that did well. */
export function summaryOf(operation: Operation, { related, list, nowMs }: ExplainContext): Statement[] {
  const slowest = [...walk(operation.calls)]
    .map(({ call }) => call)
    .sort((a, b) => (b.durationMs ?? 0) - (a.durationMs ?? 0))[0]
  const ips = resultAddresses(operation)
  const failed = related.filter(({ outcome }) => outcome === "failed" || outcome === "killed").length
  const facts = [
    `${operation.calls.map(({ call }) => call.plugin).join(", ")} exited with 0`,
    ...(ips.length > 0 ? [`it got ${ips.join(", ")}`] : []),
    ...(slowest?.durationMs === undefined ? [] : [`slowest was ${slowest.plugin} (${duration(slowest.durationMs)})`]),
  ]
  const last = related.at(-1)
  return [
    { topic: "so far", text: facts.join("; "), call: operation.id },
    ...(last && last.id !== operation.id
      ? [
          {
            topic: "since then",
            text: `${last.command} ${age(last.wallMs, nowMs)} ago: ${last.outcome}`,
            call: last.id,
          } as const,
        ]
      : []),
    ...(list && list.removed.length > 0
      ? [
          {
            topic: "list changed",
            text: `without ${list.removed.join(", ")} since ${age(list.fromMs, nowMs)} ago`,
          } as const,
        ]
      : []),
    ...(failed > 0 ? [{ topic: "so far", text: `${failed} other operations of it failed` } as const] : []),
  ]
}

/** Pain of a kubelet that forgets: the pod runs in a new sandbox, and nobody took the network of the old one away. */
export function leakedBefore(operation: Operation, { attachments, nowMs }: ExplainContext): Statement[] {
  return attachments.flatMap(({ state, containerId, add, ips, holdings }): Statement[] => {
    const isBefore = add !== undefined && add.wallMs < operation.wallMs
    if (operation.command !== "ADD" || state !== "up" || !isBefore || containerId === operation.containerId) return []
    const held = [ips.join(", "), `of ${holdings.map(({ plugin }) => plugin).join(", ")}`].filter(Boolean).join(" ")
    const text = `${held}: no DEL of the sandbox ${containerId.slice(0, 13)}, added ${age(add.wallMs, nowMs)} ago`
    return [{ topic: "left behind", text, call: add.operation }]
  })
}

export function findingsOf({ findings }: ExplainContext): Statement[] {
  const worse = findings.filter(({ severity }) => severity !== "note")
  const rules = [...new Set(worse.map(({ rule }) => rule))]
  return rules.length > 0 ? [{ topic: "findings", text: `${rules.join(", ")} (cnitap lint tells more)` }] : []
}

export function nextStepsAfterSuccess(operation: Operation, { related }: ExplainContext): Statement[] {
  const isGone = related.some(
    ({ command, outcome, wallMs }) => command === "DEL" && outcome === "ok" && wallMs > operation.wallMs,
  )
  return isGone || operation.command !== "ADD"
    ? [{ topic: "look next", text: `cnitap show ${operation.id}` }]
    : [{ topic: "look next", text: "CNI did its part: routes, policy, DNS and the pod itself are beyond these calls" }]
}
