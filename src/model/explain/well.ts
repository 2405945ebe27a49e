import { type Operation, walk } from "../operation.ts"
import { age, duration } from "../wording.ts"
import { ipsOf } from "./said.ts"
import type { Statement, Surroundings } from "./statement.ts"

/** What a person asks of an operation that did well. */
export function soFar(operation: Operation, { related, list, nowMs }: Surroundings): Statement[] {
  const slowest = [...walk(operation.calls)]
    .map(({ call }) => call)
    .sort((a, b) => (b.durationMs ?? 0) - (a.durationMs ?? 0))[0]
  const ips = ipsOf(operation)
  const failed = related.filter(({ outcome }) => outcome === "failed" || outcome === "killed").length
  const facts = [
    `${operation.calls.map(({ call }) => call.plugin).join(", ")} exited with 0`,
    ...(ips.length > 0 ? [`it got ${ips.join(", ")}`] : []),
    ...(slowest?.durationMs === undefined ? [] : [`slowest was ${slowest.plugin} (${duration(slowest.durationMs)})`]),
  ]
  const last = related.at(-1)
  return [
    { about: "so far", text: facts.join("; "), call: operation.id },
    ...(last && last.id !== operation.id
      ? [
          {
            about: "since then",
            text: `${last.command} ${age(last.wallMs, nowMs)} ago: ${last.outcome}`,
            call: last.id,
          } as const,
        ]
      : []),
    ...(list && list.lost.length > 0
      ? [
          {
            about: "list changed",
            text: `without ${list.lost.join(", ")} since ${age(list.fromMs, nowMs)} ago`,
          } as const,
        ]
      : []),
    ...(failed > 0 ? [{ about: "so far", text: `${failed} other operations of it failed` } as const] : []),
  ]
}

export function findingsOf({ findings }: Surroundings): Statement[] {
  const worse = findings.filter(({ severity }) => severity !== "note")
  const rules = [...new Set(worse.map(({ rule }) => rule))]
  return rules.length > 0 ? [{ about: "findings", text: `${rules.join(", ")} (cnitap lint tells more)` }] : []
}

export function lookNextWhereWell(operation: Operation, { related }: Surroundings): Statement[] {
  const isGone = related.some(
    ({ command, outcome, wallMs }) => command === "DEL" && outcome === "ok" && wallMs > operation.wallMs,
  )
  return isGone || operation.command !== "ADD"
    ? [{ about: "look next", text: `cnitap show ${operation.id}` }]
    : [{ about: "look next", text: "CNI did its part: routes, policy, DNS and the pod itself are beyond these calls" }]
}
