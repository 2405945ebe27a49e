import { isFailed } from "../../../model/call.ts"
import { type Operation, walk } from "../../../model/operation.ts"
import { type Columns, isOkAt } from "../columns.ts"

/** Stands for what a list asked of whom: plugins, each with its network and interface. 0 is nothing. */
export type PluginSetNumber = number

/** Numbers such sets; equal ones, of any blocks, have the same number. There are few of them, and many operations. */
export class PluginSets {
  readonly #plugins = new Map<string, number>()
  readonly #ifnames: string[] = [""]
  /** the members of each set, in order */
  readonly #sets: (readonly number[])[] = [[]]
  readonly #numbers = new Map<string, PluginSetNumber>([["", 0]])
  /** by set and plugin: the set with that plugin */
  readonly #with: PluginSetNumber[][] = []
  readonly #without = new Map<number, PluginSetNumber>()

  /** Undefined where an operation is of more than one command or container, or a DEL of it did not succeed. */
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
      let asked: PluginSetNumber = 0
      for (let row = from; row < to; row++) {
        if (texts.command[row] !== command || texts.containerId[row] !== containerId || numbers.as[row] === 1)
          return undefined
        if (isDel && !isOkAt(columns, row)) return undefined
        // What names no network is of its caller's, or of the list's.
        const level = numbers.level[row] ?? 0
        const network = texts.network[row] || (level > 0 ? networks[level - 1] : texts.network[from]) || 0
        networks[level] = network
        asked = this.#add(asked, pluginAt(row, network))
      }
      return asked
    }
  }

  /** The same of an operation that is not in one block. */
  ofOperation({ calls, command, containerId, network }: Operation): PluginSetNumber | undefined {
    let asked: PluginSetNumber = 0
    const networks: (string | undefined)[] = []
    for (const { call, level } of walk(calls)) {
      if (call.command !== command || call.containerId !== containerId || call.as === "probe") return undefined
      if (command === "DEL" && (call.state !== "ended" || isFailed(call))) return undefined
      networks[level] = call.network ?? (level > 0 ? networks[level - 1] : network)
      asked = this.#add(asked, this.#plugin(networks[level], call.ifname ?? "", call.plugin))
    }
    return asked
  }

  without(left: PluginSetNumber, asked: PluginSetNumber): PluginSetNumber {
    const key = left * 0x1000000 + asked
    const known = this.#without.get(key)
    if (known !== undefined) return known
    const taken = this.#sets[asked] ?? []
    const rest = this.#number((this.#sets[left] ?? []).filter((plugin) => !taken.includes(plugin)))
    this.#without.set(key, rest)
    return rest
  }

  ifnames(asked: PluginSetNumber): string[] {
    return [...new Set((this.#sets[asked] ?? []).map((plugin) => this.#ifnames[plugin] ?? ""))]
  }

  #add(asked: PluginSetNumber, plugin: number): PluginSetNumber {
    this.#with[asked] ??= []
    const known = this.#with[asked][plugin]
    if (known !== undefined) return known
    const set = this.#sets[asked] ?? []
    const grown = set.includes(plugin) ? asked : this.#number([...set, plugin].sort((a, b) => a - b))
    this.#with[asked][plugin] = grown
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
    // By plugin, what it was asked last: nearly always what it is asked next.
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
