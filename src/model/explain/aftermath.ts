import { type Call, textOf } from "../call.ts"
import { age } from "../format.ts"
import type { Operation } from "../operation.ts"
import { type Culprit, missingPlugins } from "./cause.ts"
import { errorTextOf, mostRelevantLine, resultAddresses } from "./error-text.ts"
import type { PluginList } from "./plugin-lists.ts"
import type { ExplainContext, Statement } from "./statement.ts"

export function leftBehind(operation: Operation, { attachments, related, list }: ExplainContext): Statement[] {
  if (operation.outcome === "running") return []
  // A runtime that did not find the next plugin finds it for DEL neither, and that comes first.
  const isCutShort = operation.command === "ADD" && missingPlugins(operation, list).length > 0
  const own = attachments.filter(
    ({ containerId, ifname }) => containerId === operation.containerId && ifname === operation.ifname,
  )
  const held = own.filter(({ state }) => state === "failed" || state === "stuck" || (state === "up" && isCutShort))
  if (held.length > 0) {
    return held.map(({ holdings, ips, reason }) => {
      const who = holdings.map(({ plugin }) => plugin).join(", ")
      return {
        topic: "left behind",
        text: `${[ips.join(", "), who && `of ${who}`].filter(Boolean).join(" ")}: ${reason}`,
      }
    })
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
    ? [{ topic: "left behind", text: `nothing: DEL ${del.id} of the container did well`, call: del.id }]
    : []
}

/** What the kubelet's other tries came to. */
export function sinceThen(operation: Operation, { related, nowMs }: ExplainContext): Statement[] {
  const tries = related.filter(
    ({ command, ifname, network }) =>
      command === operation.command && ifname === operation.ifname && network === operation.network,
  )
  const later = tries.filter(({ wallMs, id }) => wallMs > operation.wallMs && id !== operation.id)
  const good = later.find(({ outcome }) => outcome === "ok")
  const failed = tries.filter(({ outcome }) => outcome !== "ok" && outcome !== "running").length
  if (good) {
    const ips = resultAddresses(good)
    const where = good.containerId === operation.containerId ? "" : "in another sandbox "
    const text = `${good.command} ${where}did well ${age(good.wallMs, nowMs)} ago (${[good.id, ...ips].join(", ")})`
    return [{ topic: "since then", text, call: good.id }]
  }
  if (failed > 1)
    return [{ topic: "so far", text: `${failed} tries of ${operation.command} failed, none did well after` }]
  return []
}

export function nextSteps(
  operation: Operation,
  culprit: Culprit | undefined,
  list: PluginList | undefined,
): Statement[] {
  const good = list?.lastComplete.get(operation.command)
  const steps = [
    culprit ? stepFor(culprit.call) : "cnitap doctor",
    `cnitap show ${culprit?.call.id ?? operation.id}`,
    ...(good && good !== operation.id ? [`cnitap diff ${operation.id} ${good}`] : []),
  ]
  return [{ topic: "look next", text: steps.filter(Boolean).join("; ") }]
}

function stepFor(call: Call): string {
  // What is recorded is the relay's process; the plugin is its child.
  if (call.state === "running") return `cat /proc/$(pgrep -P ${call.pid})/stack, and the log of what it asks`
  if (call.state === "killed")
    return `the log of what ${call.plugin} asks, at ${new Date(call.wallMs).toISOString().slice(11, 19)}Z`
  if (call.exit && "errno" in call.exit) return "cnitap doctor"
  const said = `${errorTextOf(call) ?? ""} ${mostRelevantLine(textOf(call.stderr)) ?? ""}`
  if (/no ip addresses available|no free|failed to (?:assign|allocate)|exhausted/i.test(said))
    return "cnitap ledger, for who holds the addresses"
  if (/\block(?:ed)?\b|resource temporarily unavailable/i.test(said))
    return "cnitap ls killed: a call that was killed may have left its lock"
  if (/connection refused|deadline exceeded|dial (?:unix|tcp)/i.test(said))
    return `whether the agent that ${call.plugin} asks is running on this node`
  return ""
}
