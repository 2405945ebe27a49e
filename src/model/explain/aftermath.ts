import { resultOf } from "../call.ts"
import { age, duration, exitText } from "../format.ts"
import { isLeftBehind, leftBehindText } from "../ledger/left-behind.ts"
import type { LedgerRow } from "../ledger/node-ledger.ts"
import { type Operation, walk } from "../operation.ts"
import { addressesOf } from "../result/result-fields.ts"
import { errorMessageOf } from "../statistics/error-groups.ts"
import type { Conclusion } from "./conclusion.ts"
import { abbreviate, errorTextOf, resultAddresses } from "./error-text.ts"
import { failingCallOf, nameOf } from "./failing-call.ts"
import { attemptsOf, concurrentDel, givenUpAfterMs, isConcurrent, isLater } from "./related-operations.ts"
import type { ExplainContext, Statement } from "./statement.ts"
import { slowText } from "./time-spent.ts"

/** What the operation, and the delegates of its plugins, left on the node; the ledger concludes it. */
export function leftBehind(operation: Operation, { kind }: Conclusion, context: ExplainContext): Statement[] {
  if (kind === "running" || operation.containerId === undefined) return []
  const own = context.attachments.filter(({ containerId }) => containerId === operation.containerId)
  const held = own.filter((row) => isLeftBehind(row) || isOfFailedAdd(row, operation, kind))
  if (held.length > 0) return held.map((row) => ({ topic: "left behind", text: leftBehindText(row) }))
  const del = context.related.find(
    (other) =>
      other.command === "DEL" &&
      other.outcome === "ok" &&
      other.containerId === operation.containerId &&
      other.ifname === operation.ifname &&
      (isLater(other, operation) || other.id === operation.id || isConcurrent(other, operation)),
  )
  return del && own.length === 0 && del.id !== operation.id
    ? [{ topic: "left behind", text: `nothing: DEL ${del.id} of the container succeeded`, call: del.id }]
    : []
}

/** What plugins or delegates added before the ADD failed is theirs until DEL reaches them. */
function isOfFailedAdd({ state, add }: LedgerRow, { id, command }: Operation, kind: Conclusion["kind"]): boolean {
  return (
    state === "up" &&
    command === "ADD" &&
    add?.operation === id &&
    kind !== "ok" &&
    kind !== "slow" &&
    kind !== "shared-address"
  )
}

/** Who holds the addresses of a pool that has none left. */
export function poolUse({ network }: ExplainContext): Statement[] {
  const holding = network.filter(({ ips, state }) => ips.length > 0 && state !== "gone")
  const leaked = holding.filter(isLeftBehind)
  if (holding.length === 0) return []
  const text =
    leaked.length > 0
      ? `${leaked.length} of ${holding.length} attachments that have an address of the network were left behind: ${leaked
          .slice(0, 3)
          .flatMap(({ ips }) => ips)
          .join(", ")}${leaked.length > 3 ? ", …" : ""}`
      : `${holding.length} attachments of the network have addresses now, and all of them seem to be in use`
  return [{ topic: "addresses", text }]
}

/** The kubelet's attempts: which one this is, what became of the others, and how many addresses they used. */
export function attempts(operation: Operation, { kind }: Conclusion, context: ExplainContext): Statement[] {
  const all = attemptsOf(operation, context)
  const success = all.find((other) => isLater(other, operation) && other.outcome === "ok")
  const statements: Statement[] = []
  if (success && kind !== "given-up") {
    const ips = resultAddresses(success)
    const where = success.containerId === operation.containerId ? "" : "in another sandbox "
    const when = `${age(success.wallMs, context.nowMs)} ago`
    const text = `${success.command} ${where}succeeded ${when} (${[success.id, ...ips].join(", ")})`
    statements.push({ topic: "since then", text, call: success.id })
  }
  if (all.length < 2) return statements
  const failed = all.filter(({ outcome }) => outcome === "failed" || outcome === "killed").length
  const number = all.findIndex(({ id }) => id === operation.id) + 1
  const drawn = operation.command === "ADD" ? new Set(all.flatMap(addressesDrawn)) : new Set()
  const givenUp = all.filter((one) => givenUpAfterMs(one, context) !== undefined).length
  const overMs = (all.at(-1)?.wallMs ?? 0) - (all[0]?.wallMs ?? 0)
  const facts = [
    `this is attempt ${number} of ${all.length} in ${duration(overMs)}`,
    ...(failed > 0
      ? [`${failed} failed${success || operation.outcome === "ok" ? "" : ", and none has succeeded since"}`]
      : []),
    ...(givenUp > 1 ? [`${givenUp} were given up as soon as they had a network`] : []),
    ...(drawn.size > 1 ? [`they used ${context.unread > 0 ? "at least " : ""}${drawn.size} addresses`] : []),
  ]
  statements.push({ topic: "attempts", text: facts.join("; ") })
  return [...statements, ...otherError(operation, all)]
}

/** Two causes look like one if only the last attempt is explained. */
function otherError(operation: Operation, all: readonly Operation[]): Statement[] {
  const message = errorMessageOf(operation)
  if (message === undefined) return []
  const other = all.findLast((one) => isRead(one) && (errorMessageOf(one) ?? message) !== message)
  const failing = other && failingCallOf(other)
  if (!other || !failing) return []
  const text = errorTextOf(failing.call) ?? exitText(failing.call.exit)
  const number = all.indexOf(other) + 1
  return [
    {
      topic: "attempts",
      text: `attempt ${number} had another error, in ${nameOf(failing)}: ${abbreviate(text)}`,
      call: other.id,
    },
  ]
}

/** Whether the streams of the call that failed were read: of a pod with very many operations, those of old ones are not. */
function isRead(operation: Operation): boolean {
  return operation.outcome === "killed" || failingCallOf(operation)?.call.stdout !== undefined
}

/** The addresses that the plugins of an ADD, and their delegates, were given, even if a later plugin failed. */
function addressesDrawn(operation: Operation): string[] {
  return walk(operation.calls).flatMap(({ call }) => (call.command === "ADD" ? addressesOf(resultOf(call)) : []))
}

/** A DEL that failed because the ADD before it had. */
export function failedCleanup(operation: Operation, context: ExplainContext): Statement[] {
  if (operation.command !== "ADD") return []
  const del = context.related.findLast(
    (other) => other.command === "DEL" && isLater(other, operation) && other.containerId === operation.containerId,
  )
  const failing = del && failingCallOf(del)
  if (!del || !failing || del.outcome !== "failed") return []
  const text = `the DEL that cleans up failed too, in ${nameOf(failing)}: ${errorTextOf(failing.call) ?? exitText(failing.call.exit)}`
  return [{ topic: "since then", text, call: del.id }]
}

/** That another DEL removed the same attachment meanwhile. */
export function removedTwice(operation: Operation, context: ExplainContext): Statement[] {
  const other = concurrentDel(operation, context)
  if (!other) return []
  const text = `DEL ${other.id} of the same interface: ${other.outcome}; what one of them removes, the other misses`
  return [{ topic: "at the same time", text, call: other.id }]
}

/** The newest operation of the pod after one that succeeded. */
export function lastSince(operation: Operation, { related, nowMs }: ExplainContext): Statement[] {
  const last = related.at(-1)
  if (!last || last.id === operation.id) return []
  const slow = slowText(last)
  const text = `${last.command} ${age(last.wallMs, nowMs)} ago: ${last.outcome}${slow ? `, ${slow}` : ""}`
  return [{ topic: "since then", text, call: last.id }]
}
