import { isFailed } from "../../../model/call.ts"
import { type Operation, walk } from "../../../model/operation.ts"
import { type Columns, isOkAt } from "../columns.ts"

/** Identifies a set of plugins that an operation called, each with its network and interface. 0: the empty set. */
export type PluginSetNumber = number

/** Interns sets of plugins: equal sets have the same number in all blocks. There are few sets and many operations. */
export class PluginSets {
  readonly #plugins = new Map<string, number>()
  readonly #ifnames: string[] = [""]
  /** the members of each set, in order */
  readonly #sets: (readonly number[])[] = [[]]
  readonly #numbers = new Map<string, PluginSetNumber>([["", 0]])
  /** by set and plugin: the set with that plugin */
  readonly #with: PluginSetNumber[][] = []
  readonly #without = new Map<number, PluginSetNumber>()

  /** The set of an operation; undefined if it has several commands or containers, or contains a failed DEL. */
  of(columns: Columns): (operation: number) => PluginSetNumber | undefined {
    const { texts, numbers, operations, rows, dictionary } = columns
    const pluginAt = this.#pluginsOf(columns)
    const networks: number[] = []
    return (operation) => {
      const from = operations.from[operation] ?? 0
      const to = operations.from[operation + 1] ?? rows
      const command = texts.command[from] ?? 0
      const containerId = texts.containerId[from]
      const isDel = dictionary.text(command) === "DEL"
      let set: PluginSetNumber = 0
      for (let row = from; row < to; row++) {
        if (texts.command[row] !== command || texts.containerId[row] !== containerId || numbers.as[row] === 1)
          return undefined
        if (isDel && !isOkAt(columns, row)) return undefined
        // A call without a network name belongs to the network of its caller, or of the operation.
        const level = numbers.level[row] ?? 0
        const network = texts.network[row] || (level > 0 ? networks[level - 1] : texts.network[from]) || 0
        networks[level] = network
        set = this.#add(set, pluginAt(row, network))
      }
      return set
    }
  }

  /** The same for a spanning operation. */
  ofOperation({ calls, command, containerId, network }: Operation): PluginSetNumber | undefined {
    let set: PluginSetNumber = 0
    const networks: (string | undefined)[] = []
    for (const { call, level } of walk(calls)) {
      if (call.command !== command || call.containerId !== containerId || call.as === "probe") return undefined
      if (command === "DEL" && (call.state !== "ended" || isFailed(call))) return undefined
      networks[level] = call.network ?? (level > 0 ? networks[level - 1] : network)
      set = this.#add(set, this.#plugin(networks[level], call.ifname ?? "", call.plugin))
    }
    return set
  }

  without(left: PluginSetNumber, deleted: PluginSetNumber): PluginSetNumber {
    const key = left * 0x1000000 + deleted
    const known = this.#without.get(key)
    if (known !== undefined) return known
    const members = this.#sets[deleted] ?? []
    const rest = this.#number((this.#sets[left] ?? []).filter((plugin) => !members.includes(plugin)))
    this.#without.set(key, rest)
    return rest
  }

  ifnames(set: PluginSetNumber): string[] {
    return [...new Set((this.#sets[set] ?? []).map((plugin) => this.#ifnames[plugin] ?? ""))]
  }

  #add(set: PluginSetNumber, plugin: number): PluginSetNumber {
    this.#with[set] ??= []
    const known = this.#with[set][plugin]
    if (known !== undefined) return known
    const members = this.#sets[set] ?? []
    const grown = members.includes(plugin) ? set : this.#number([...members, plugin].sort((a, b) => a - b))
    this.#with[set][plugin] = grown
    return grown
  }

  #number(set: readonly number[]): PluginSetNumber {
    const key = set.join()
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.#sets.length)
    return this.#sets.push(set) - 1
  }

  #pluginsOf({ texts, dictionary }: Columns): (row: number, network: number) => number {
    const known = new Map<number, number>()
    const isNarrow = dictionary.size < 0x10000
    // By plugin, its last network and interface: nearly always the next ones too.
    const last: { network: number; ifname: number; number: number }[] = []
    return (row, network) => {
      const [ifname = 0, plugin = 0] = [texts.ifname[row], texts.plugin[row]]
      const own = last[plugin]
      if (own && own.network === network && own.ifname === ifname) return own.number
      const key = (network * 0x10000 + ifname) * 0x10000 + plugin
      const number =
        (isNarrow ? known.get(key) : undefined) ??
        this.#plugin(dictionary.text(network), dictionary.text(ifname) ?? "", dictionary.text(plugin) ?? "")
      known.set(key, number)
      last[plugin] = { network, ifname, number }
      return number
    }
  }

  #plugin(network: string | undefined, ifname: string, plugin: string): number {
    const text = [network, ifname, plugin].join("\n")
    const number = this.#plugins.get(text) ?? this.#plugins.size + 1
    this.#plugins.set(text, number)
    this.#ifnames[number] = ifname
    return number
  }
}
