import { COMMANDS_OVER_A_LIST, isSubsequence } from "../incomplete-list.ts"
import type { Operation } from "../operation.ts"
import { calledAll } from "../outcome.ts"
import { reportOf } from "../result/runtime-report.ts"
import type { CurrentList } from "./node-evidence.ts"

/** The plugins of a network's list, as inferred from its calls. */
export type PluginList = {
  plugins: string[]
  /** start of the first operation with this list, milliseconds since 1970 */
  fromMs: number
  /** by command: the last operation in which all of the plugins succeeded */
  lastComplete: Map<string, string>
  /** plugins of the previous list that are not in this one */
  removed: string[]
}

/**
 * The operation of a list that worked last with this command. It is found in one pass over a capture of any size; the page
 * has all operations in memory, and `counterpartsOf` ranks them.
 */
export function lastWorked(command: string, list: PluginList | undefined): string | undefined {
  return list?.lastComplete.get(command)
}

/** The lists of a network, oldest first, and how many operations in a row were shorter than the last list. */
type ListHistory = { versions: PluginList[]; shorter: number; shorterMs: number }

/** One shorter operation stopped early; after this many in a row the list was edited. */
const SHORTER_MEANS_EDITED = 3

/** Infers the plugin lists of networks from operations, which must be added in the order they began. */
export class PluginLists {
  readonly #histories = new Map<string, ListHistory>()

  /** Returns the new list if this operation shows that the list was changed. */
  add(operation: Operation): PluginList | undefined {
    const { id, command, outcome, calls, wallMs } = operation
    if (!COMMANDS_OVER_A_LIST.includes(command) || !calledAll(operation)) return undefined
    const isGood = outcome === "ok" && calls.every(({ call }) => reportOf(call).kind === "success")
    const history = this.#historyOf(operation)
    const plugins = inListOrder(operation)
    const known = history.versions.at(-1)
    const begin = (fromMs: number) => {
      const removed = known?.plugins.filter((plugin) => !plugins.includes(plugin)) ?? []
      const list = { plugins, fromMs, lastComplete: new Map(isGood ? [[command, id]] : []), removed }
      history.versions.push(list)
      history.shorter = 0
      return known && list
    }
    if (!known) return begin(wallMs)
    if (!isSubsequence(plugins, known.plugins)) {
      // A runtime may use another list for DEL than it now uses for ADD.
      return command !== "DEL" || isSubsequence(known.plugins, plugins) ? begin(wallMs) : undefined
    }
    if (plugins.length === known.plugins.length) {
      if (isGood) known.lastComplete.set(command, id)
      history.shorter = 0
    } else if (command !== "DEL") {
      if (history.shorter++ === 0) history.shorterMs = wallMs
      if (history.shorter === SHORTER_MEANS_EDITED) return begin(history.shorterMs)
    }
    return undefined
  }

  /**
   * The list in force when the operation began that contains all plugins it called. `related`: other operations of its
   * attachment.
   */
  of(operation: Operation, related: readonly Operation[] = []): PluginList | undefined {
    const { versions } = this.#historyOf(operation)
    const called = joinedWithCounterpart(operation, related) ?? inListOrder(operation)
    const candidates = versions.filter(({ plugins }) => isSubsequence(called, plugins))
    const list = candidates.findLast(({ fromMs }) => fromMs <= operation.wallMs) ?? candidates[0]
    if (list || called.length === operation.calls.length) return list
    return { plugins: called, fromMs: operation.wallMs, lastComplete: new Map(), removed: [] }
  }

  #historyOf({ node, network, ifname }: Operation): ListHistory {
    const key = [node, network, ifname].join("\n")
    const history = this.#histories.get(key) ?? { versions: [], shorter: 0, shorterMs: 0 }
    this.#histories.set(key, history)
    return history
  }
}

/**
 * The list as the node has it now, if it was in force when the operation began, as far as calls of its plugins leave
 * records; otherwise what was inferred.
 */
export function withCurrentList(
  inferred: PluginList | undefined,
  { plugins, notRecorded, changedMs }: CurrentList,
  operation: Operation,
): PluginList | undefined {
  const recorded = plugins.filter((plugin) => !notRecorded.includes(plugin))
  const isInForce = changedMs <= operation.wallMs || inferred === undefined
  if (!isInForce || !isSubsequence(inListOrder(operation), recorded)) return inferred
  const { lastComplete = new Map<string, string>(), removed = [] } = inferred ?? {}
  return { plugins: recorded, fromMs: changedMs, lastComplete, removed }
}

/** The plugins that an operation called, in the order of the list: DEL starts at its end. */
function inListOrder({ command, calls }: Operation): string[] {
  const called = calls.map(({ call }) => call.plugin)
  return command === "DEL" ? called.reverse() : called
}

/**
 * If a plugin's executable is missing, ADD stops before it, and DEL, which starts at the end, stops after it. Then ADD and
 * DEL have no plugin in common, and together they are the list without the missing plugin.
 */
function joinedWithCounterpart(operation: Operation, related: readonly Operation[]): string[] | undefined {
  const { command, containerId, ifname, network } = operation
  const wanted = command === "ADD" ? "DEL" : "ADD"
  const other = related.find(
    (one) =>
      one.command === wanted && one.containerId === containerId && one.ifname === ifname && one.network === network,
  )
  if (!other || (command !== "ADD" && command !== "DEL")) return undefined
  const [added = [], deleted = []] = (command === "ADD" ? [operation, other] : [other, operation]).map(inListOrder)
  return added.some((plugin) => deleted.includes(plugin)) ? undefined : [...added, ...deleted]
}
