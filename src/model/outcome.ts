import { requirementsOf } from "../cni/final-result.ts"
import { type Answer, type Call, hasFailedExit, isAbandoned, isFailed } from "./call.ts"

/**
 * What the runtime concludes from an operation. `running`: a call is in flight. `killed`: a call began and never ended.
 * `unknown`: the end of a call is not recorded, and its process cannot be looked up.
 */
export type Outcome = "ok" | "failed" | "running" | "killed" | "unknown"

/**
 * Why an operation failed. `plugin-failed`: a plugin did not exit with 0. `runtime-gone`: nobody read the plugin's answer,
 * because its caller was gone. `incomplete-list`: no call failed, but the runtime
 * did not call every plugin of the list; it stops at one that it does not find. Every other kind is an answer that the
 * runtime does not accept, although the plugin exited with 0 (`Answer`).
 */
export type OutcomeReason = {
  kind: "plugin-failed" | "runtime-gone" | "incomplete-list" | Exclude<Answer, "result">
  /** the plugin that failed or answered, or the first one that was not called, if it is known */
  plugin?: string
  /** ID of its call */
  call?: string
}

export type Verdict = { outcome: Outcome; outcomeReason?: OutcomeReason }

/** The one judge of operations, from their top-level calls in the order they started: a runtime sees no others. */
export function judge(calls: readonly Call[]): Verdict {
  for (const state of ["running", "killed", "unknown"] as const)
    if (calls.some((call) => call.state === state)) return { outcome: state }
  const failing = calls.find(hasFailedExit)
  if (failing) return failed(isAbandoned(failing) ? "runtime-gone" : "plugin-failed", failing)
  const last = calls.at(-1)
  return last?.answer !== undefined && isRefused(last.answer, last) ? failed(last.answer, last) : { outcome: "ok" }
}

/** The outcome of a single call, whatever the runtime concludes from its operation. */
export function callOutcome(call: Call): Outcome {
  return call.state === "ended" ? (isFailed(call) ? "failed" : "ok") : call.state
}

/** The verdict on an operation without a failed call, if the runtime did not call the whole list. */
export function incompleteList(plugin: string): Verdict {
  return { outcome: "failed", outcomeReason: { kind: "incomplete-list", ...(plugin ? { plugin } : {}) } }
}

function failed(kind: OutcomeReason["kind"], { plugin, id }: Call): Verdict {
  return { outcome: "failed", outcomeReason: { kind, plugin, call: id } }
}

/**
 * Whether the runtime fails an ADD whose last plugin gave this answer. An error object counts although libcni accepts it:
 * the plugin itself says that it failed, and no runtime has a network to use.
 */
function isRefused(answer: Answer, { parentName, ifname }: Call): boolean {
  const { checksInterfaceIndex, addressOn } = requirementsOf(parentName)
  if (answer === "interface-index") return checksInterfaceIndex
  return answer !== "no-address" || (addressOn !== undefined && addressOn === ifname)
}

/** Whether the runtime called every plugin of the list, as far as the calls show, whatever it thinks of the result. */
export function calledAll({ outcome, outcomeReason }: Verdict): boolean {
  return outcome === "ok" || (outcomeReason !== undefined && ANSWERS_TO_ALL.includes(outcomeReason.kind))
}

const ANSWERS_TO_ALL: readonly OutcomeReason["kind"][] = ["error-object", "interface-index", "no-address"]

/** `failed: mycni exited with 0, ...`; the outcome alone if a plugin failed or there is no reason. */
export function outcomeText({ outcome, outcomeReason }: Verdict): string {
  if (!outcomeReason || outcomeReason.kind === "plugin-failed") return outcome
  return `${outcome}: ${reasonText(outcomeReason)}`
}

/** The reason in a few words. */
export function reasonText({ kind, plugin }: OutcomeReason): string {
  const text = REASON_TEXTS[kind]
  return plugin ? `${plugin}: ${text}` : text
}

const REASON_TEXTS: Readonly<Record<OutcomeReason["kind"], string>> = {
  "plugin-failed": "failed",
  "runtime-gone": "nobody read its answer, because the runtime was gone",
  "incomplete-list": "was not called, although no call before it failed",
  unreadable: "exited with 0, but its answer is not one JSON result",
  "unknown-version": "exited with 0, but its result has a cniVersion that no runtime knows",
  "error-object": "exited with 0, but its answer is an error",
  "interface-index": "exited with 0, but an address in its result is on an interface that is not listed",
  "no-address": "exited with 0, but its result has no address for the pod's interface",
}
