import { type Call, textOf } from "../call.ts"
import { age } from "../format.ts"
import { leftBehindText } from "../ledger/left-behind.ts"
import type { Operation } from "../operation.ts"
import { type FailingCall, missingPlugins } from "./cause.ts"
import { errorTextOf, mostRelevantLine, resultAddresses } from "./error-text.ts"
import type { PluginList } from "./plugin-lists.ts"
import type { ExplainContext, Statement } from "./statement.ts"

export function leftBehind(operation: Operation, { attachments, related, list }: ExplainContext): Statement[] {
  if (operation.outcome === "running") return []
  // A runtime that does not find a plugin for ADD will not find it for DEL either, so the plugins before it keep theirs.
  const isCutShort = operation.command === "ADD" && missingPlugins(operation, list).length > 0
  const own = attachments.filter(
    ({ containerId, ifname }) => containerId === operation.containerId && ifname === operation.ifname,
  )
  const held = own.filter(({ state }) => state === "failed" || state === "stuck" || (state === "up" && isCutShort))
  if (held.length > 0) {
    return held.map((attachment) => ({ topic: "left behind", text: leftBehindText(attachment) }))
  }
  const del = related.find(
    ({ command, containerId, ifname, wallMs, outcome }) =>
      command === "DEL" &&
      outcome === "ok" &&
      containerId === operation.containerId &&
      ifname === operation.ifname &&
      wallMs >= operation.wallMs,
  )
  return del && own.length === 0
    ? [{ topic: "left behind", text: `nothing: DEL ${del.id} of the container succeeded`, call: del.id }]
    : []
}

/** The outcome of the kubelet's other attempts. */
export function attemptsSince(operation: Operation, { related, nowMs }: ExplainContext): Statement[] {
  const attempts = related.filter(
    ({ command, ifname, network }) =>
      command === operation.command && ifname === operation.ifname && network === operation.network,
  )
  const later = attempts.filter(({ wallMs, id }) => wallMs > operation.wallMs && id !== operation.id)
  const success = later.find(({ outcome }) => outcome === "ok")
  const failed = attempts.filter(({ outcome }) => outcome !== "ok" && outcome !== "running").length
  if (success) {
    const ips = resultAddresses(success)
    const where = success.containerId === operation.containerId ? "" : "in another sandbox "
    const when = `${age(success.wallMs, nowMs)} ago`
    const text = `${success.command} ${where}succeeded ${when} (${[success.id, ...ips].join(", ")})`
    return [{ topic: "since then", text, call: success.id }]
  }
  if (failed > 1)
    return [{ topic: "attempts", text: `${operation.command} failed ${failed} times and has not succeeded since` }]
  return []
}

export function nextSteps(
  operation: Operation,
  failing: FailingCall | undefined,
  list: PluginList | undefined,
): Statement[] {
  const complete = list?.lastComplete.get(operation.command)
  const steps = [
    failing ? stepFor(failing.call) : "cnitap doctor",
    `cnitap show ${failing?.call.id ?? operation.id}`,
    ...(complete && complete !== operation.id ? [`cnitap diff ${operation.id} ${complete}`] : []),
  ]
  return [{ topic: "next step", text: steps.filter(Boolean).join("; ") }]
}

function stepFor(call: Call): string {
  // The recorded process is the relay; the plugin is its child.
  if (call.state === "running")
    return `cat /proc/$(pgrep -P ${call.pid})/stack, and the log of the service it waits for`
  if (call.state === "killed") {
    const time = `${new Date(call.wallMs).toISOString().slice(11, 19)}Z`
    return `check the log of the service that ${call.plugin} calls, at ${time}`
  }
  if (call.exit && "errno" in call.exit) return "cnitap doctor"
  const text = `${errorTextOf(call) ?? ""} ${mostRelevantLine(textOf(call.stderr)) ?? ""}`
  if (/no ip addresses available|no free|failed to (?:assign|allocate)|exhausted/i.test(text))
    return "cnitap ledger (who holds the addresses)"
  if (/\block(?:ed)?\b|resource temporarily unavailable/i.test(text))
    return "cnitap ls killed (a killed call may have left its lock behind)"
  if (/connection refused|deadline exceeded|dial (?:unix|tcp)/i.test(text))
    return `check that the agent that ${call.plugin} connects to is running on this node`
  return ""
}
