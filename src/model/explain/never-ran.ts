import { COMMANDS_OVER_A_LIST } from "../incomplete-list.ts"
import { lossSummary } from "../losses.ts"
import type { Operation } from "../operation.ts"
import type { FailingCall } from "./failing-call.ts"
import type { PluginList } from "./plugin-lists.ts"
import type { ExplainContext, Statement } from "./statement.ts"

export function neverRan(
  operation: Operation,
  failing: FailingCall | undefined,
  { list, node }: Pick<ExplainContext, "list" | "node">,
): Statement[] {
  const names = missingPlugins(operation, list)
  const isRunning = operation.outcome === "running"
  if (list && names.length > 0) {
    const missing = names.filter((name) => node?.list?.missing.includes(name))
    const searched = `no such file in ${node?.list?.directories.join(", ")}`
    const isAll = missing.length === names.length
    const files = missing.length === 0 ? "" : isAll ? `: ${searched}` : `; ${missing.join(", ")}: ${searched}`
    const reason = failing || missing.length > 0 ? files : `; ${reasonNotCalled(operation, list, names)}`
    return [{ topic: "never ran", text: `${names.join(", ")}${isRunning ? " (so far)" : reason}` }]
  }
  if (list || !failing || isRunning) return []
  const rest = operation.command === "DEL" ? "before" : "after"
  return [{ topic: "never ran", text: `any plugins ${rest} ${failing.top.plugin} in the list, which is not known` }]
}

/** Plugins of the node's current list that are not recorded. */
export function notRecorded({ node }: Pick<ExplainContext, "node">): Statement[] {
  const names = node?.list?.notRecorded ?? []
  if (!node?.list || names.length === 0) return []
  return [{ topic: "not recorded", text: `${names.join(", ")} of ${node.list.file}: calls of it leave no record` }]
}

/** What is not here may have been lost. */
export function lost({ losses }: Pick<ExplainContext, "losses">): Statement[] {
  const texts = lossSummary(losses)
  return texts.length === 0 ? [] : [{ topic: "not recorded", text: texts.join(". ") }]
}

/** Plugins of the list that the operation did not call, in the order of its calls. */
export function missingPlugins({ calls, command }: Operation, list: PluginList | undefined): string[] {
  if (!list || !COMMANDS_OVER_A_LIST.includes(command)) return []
  const called = new Set(calls.map(({ call }) => call.plugin))
  return inCallOrder(command, list).filter((plugin) => !called.has(plugin))
}

function inCallOrder(command: string, { plugins }: PluginList): string[] {
  return command === "DEL" ? plugins.toReversed() : plugins
}

/** If a runtime does not find a plugin's executable, it calls none of the plugins after it either. */
function reasonNotCalled({ calls, command }: Operation, list: PluginList, names: readonly string[]): string {
  if (calls.every(({ call }) => call.as === "probe"))
    return "a plugin between the probes failed or was not found; only the relay records which one (cnitap install)"
  const isTheRest = inCallOrder(command, list)
    .slice(calls.length)
    .every((plugin) => names.includes(plugin))
  return isTheRest
    ? "no call failed: the runtime did not find a plugin's executable, or the list was changed"
    : "no call failed: the list was changed, or its calls are no longer recorded (cnitap status)"
}
