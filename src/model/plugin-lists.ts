import type { Operation } from "./operation.ts"
import { reportOf } from "./runtime-report.ts"

/** The plugins of a network's list as its calls tell them. `good`: by command, the last operation that ran them all. */
export type PluginList = { plugins: string[]; good: Map<string, string> }

/** One that stopped early looks like a shorter list; one that was edited goes on being shorter. */
const SHORTER_MEANS_EDITED = 3

/** Learns the lists of networks from operations, which must come in the order they began. */
export class PluginLists {
  readonly #lists = new Map<string, PluginList & { shorter: number }>()

  add(operation: Operation): void {
    const { id, command, outcome, calls } = operation
    if (!COMMANDS_OVER_A_LIST.includes(command) || outcome !== "ok") return
    if (calls.some(({ call }) => reportOf(call).kind !== "success")) return
    const made = calls.map(({ call }) => call.plugin)
    const plugins = command === "DEL" ? made.reverse() : made
    const key = keyOf(operation)
    const known = this.#lists.get(key)
    if (known && plugins.length === known.plugins.length && isPart(plugins, known.plugins)) {
      known.good.set(command, id)
      known.shorter = 0
    } else if (!known || !isPart(plugins, known.plugins) || ++known.shorter === SHORTER_MEANS_EDITED) {
      this.#lists.set(key, { plugins, good: new Map([[command, id]]), shorter: 0 })
    }
  }

  of(operation: Operation): PluginList | undefined {
    return this.#lists.get(keyOf(operation))
  }
}

/** The runtime calls every plugin of the list, in order. */
const COMMANDS_OVER_A_LIST: readonly string[] = ["ADD", "CHECK", "DEL"]

function keyOf({ node, network, ifname }: Operation): string {
  return [node, network, ifname].join("\n")
}

/** Whether the one is the other without some of its plugins: a call that stopped early, no other list. */
function isPart(plugins: string[], whole: string[]): boolean {
  let at = 0
  for (const plugin of whole) if (plugin === plugins[at]) at++
  return at === plugins.length
}
