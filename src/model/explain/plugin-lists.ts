import type { Operation } from "../operation.ts"
import { reportOf } from "../result/runtime-report.ts"

/**
 * The plugins of a network's list as its calls tell them. `fromMs`: when the first operation that ran it began,
 * milliseconds since 1970. `good`: by command, the last operation that ran them all. `lost`: those that the list before
 * had and this one has not.
 */
export type PluginList = { plugins: string[]; fromMs: number; lastComplete: Map<string, string>; removed: string[] }

/** What a network's list was, the oldest first, and the operations since the last that were shorter than it. */
type ListHistory = { versions: PluginList[]; shorter: number; shorterMs: number }

/** One that stopped early looks like a shorter list; one that was edited goes on being shorter. */
const SHORTER_MEANS_EDITED = 3

/** Learns the lists of networks from operations, which must come in the order they began. */
export class PluginLists {
  readonly #histories = new Map<string, ListHistory>()

  /** Returns the list that is another one since this operation. */
  add(operation: Operation): PluginList | undefined {
    const { id, command, outcome, calls, wallMs } = operation
    if (!COMMANDS_OVER_A_LIST.includes(command) || outcome !== "ok") return undefined
    if (calls.some(({ call }) => reportOf(call).kind !== "success")) return undefined
    const history = this.#historyOf(operation)
    const plugins = inListOrder(operation)
    const known = history.versions.at(-1)
    const begin = (fromMs: number) => {
      const removed = known?.plugins.filter((plugin) => !plugins.includes(plugin)) ?? []
      const list = { plugins, fromMs, lastComplete: new Map([[command, id]]), removed }
      history.versions.push(list)
      history.shorter = 0
      return known && list
    }
    if (!known) return begin(wallMs)
    if (!isPart(plugins, known.plugins)) {
      // A runtime may take away by another list than it adds by now.
      return command !== "DEL" || isPart(known.plugins, plugins) ? begin(wallMs) : undefined
    }
    if (plugins.length === known.plugins.length) {
      known.lastComplete.set(command, id)
      history.shorter = 0
    } else if (command !== "DEL") {
      if (history.shorter++ === 0) history.shorterMs = wallMs
      if (history.shorter === SHORTER_MEANS_EDITED) return begin(history.shorterMs)
    }
    return undefined
  }

  /** The list in force when the operation began that has all that it ran; `related`: others of its attachment. */
  of(operation: Operation, related: readonly Operation[] = []): PluginList | undefined {
    const { versions } = this.#historyOf(operation)
    const ran = bothEnds(operation, related) ?? inListOrder(operation)
    const fitting = versions.filter(({ plugins }) => isPart(ran, plugins))
    const list = fitting.findLast(({ fromMs }) => fromMs <= operation.wallMs) ?? fitting[0]
    if (list || ran.length === operation.calls.length) return list
    return { plugins: ran, fromMs: operation.wallMs, lastComplete: new Map(), removed: [] }
  }

  #historyOf({ node, network, ifname }: Operation): ListHistory {
    const key = [node, network, ifname].join("\n")
    const history = this.#histories.get(key) ?? { versions: [], shorter: 0, shorterMs: 0 }
    this.#histories.set(key, history)
    return history
  }
}

/** The runtime calls every plugin of the list, in order. */
export const COMMANDS_OVER_A_LIST: readonly string[] = ["ADD", "CHECK", "DEL"]

/** The plugins that an operation ran, as the list has them: DEL begins at its end. */
function inListOrder({ command, calls }: Operation): string[] {
  const ran = calls.map(({ call }) => call.plugin)
  return command === "DEL" ? ran.reverse() : ran
}

/**
 * Where the file of a plugin is missing, ADD stops before it and the DEL that follows stops behind it: what they ran has
 * nothing in common, and is the list but for what is missing.
 */
function bothEnds(operation: Operation, related: readonly Operation[]): string[] | undefined {
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

/** Whether the one is the other without some of its plugins: a call that stopped early, no other list. */
function isPart(plugins: string[], whole: string[]): boolean {
  let at = 0
  for (const plugin of whole) if (plugin === plugins[at]) at++
  return at === plugins.length
}
