import type { Pod } from "../call.ts"
import type { Outcome } from "../outcome.ts"

/**
 * `up`: ADD succeeded, no DEL since. `starting`, `stopping`: ADD or DEL in flight. `failed`: ADD did not succeed, no DEL
 * since. `stuck`: DEL was called, but failed in a plugin that had been called with ADD or never reached it. `gone`: every
 * plugin that had been called with ADD completed DEL.
 */
export type AttachmentState = "up" | "starting" | "stopping" | "failed" | "stuck" | "gone"

/**
 * What one plugin may still hold for an attachment: its last ADD (call id absent if it predates the capture) and the last
 * DEL since, absent if no DEL reached the plugin.
 */
export type Holding = {
  plugin: string
  addCall?: string
  addOutcome: Outcome
  delCall?: string
  delOutcome?: Outcome
}

/** One ADD or DEL of an attachment: id and outcome of the operation, start in milliseconds since 1970. */
export type Attempt = { operation: string; wallMs: number; outcome: Outcome }

/** What the recorded calls say about one (network, container ID, ifname). */
export type Attachment = {
  node?: string
  network?: string
  containerId: string
  ifname?: string
  pod?: Pod
  netns?: string
  state: AttachmentState
  /** addresses that it holds; once it is gone, those that it held */
  ips: string[]
  /** the plugin that assigned the addresses, if its call was recorded */
  ipam?: string
  add?: Attempt
  /** the first DELs since the last ADD; `delCount` counts all of them */
  dels: Attempt[]
  delCount: number
  /** plugins that may still hold something, in the order of their ADD */
  holdings: Holding[]
  /** why it is in this state, one sentence without a period */
  reason: string
}

export function stateOf(holdings: readonly Holding[], add: Attempt | undefined, delCount: number): Attachment["state"] {
  if (holdings.length === 0) return "gone"
  if (holdings.some(({ delOutcome }) => delOutcome === "running")) return "stopping"
  if (delCount > 0) return "stuck"
  if (holdings.some(({ addOutcome }) => addOutcome === "running")) return "starting"
  const isUp = add ? add.outcome === "ok" : holdings.every(({ addOutcome }) => addOutcome === "ok")
  return isUp ? "up" : "failed"
}

export function reasonOf(
  state: AttachmentState,
  holdings: readonly Holding[],
  add: Attempt | undefined,
  delCount: number,
): string {
  if (state === "up") return "in use"
  if (state === "starting") return "ADD in flight"
  if (state === "stopping") return "DEL in flight"
  if (state === "gone") return add ? "every plugin completed DEL" : "deleted; its ADD predates this capture"
  if (state === "failed") {
    const first = holdings.find(({ addOutcome }) => addOutcome !== "ok")
    const where = first
      ? `${first.addOutcome} in ${first.plugin}`
      : "failed for the runtime, although every plugin succeeded"
    return `ADD ${where}, no DEL followed`
  }
  const failed = holdings.flatMap(({ plugin, delOutcome }) => (delOutcome ? [`${delOutcome} in ${plugin}`] : []))
  const unreached = holdings.filter(({ delOutcome }) => !delOutcome).map(({ plugin }) => plugin)
  const del = delCount === 1 ? "DEL" : `DEL (${delCount} attempts)`
  return [
    ...(failed.length > 0 ? [`${del} ${failed.join(", ")}`] : []),
    ...(unreached.length > 0 ? [`${failed.length > 0 ? "" : `${del} `}never reached ${unreached.join(", ")}`] : []),
  ].join("; ")
}
