import { isFailed } from "../../model/call.ts"
import { type Operation, walk } from "../../model/operation.ts"
import type { Block } from "./block.ts"
import { exitAt, stateAt, textAt } from "./columns.ts"

/** Stands for what a list asked of whom: plugins, each with its network and interface. 0 is nothing. */
export type Asked = number

/** Numbers such sets; equal ones, of any blocks, have the same number. There are few of them, and many operations. */
export class Asking {
  readonly #plugins = new Map<string, number>()
  readonly #ifnames: string[] = [""]
  /** the members of each set, in order */
  readonly #sets: (readonly number[])[] = [[]]
  readonly #numbers = new Map<string, Asked>([["", 0]])
  readonly #with = new Map<number, Asked>()
  readonly #without = new Map<number, Asked>()

  /** Undefined where an operation is of more than one command or container, or a DEL of it did not succeed. */
  of(block: Block): (operation: number) => Asked | undefined {
    const { columns } = block
    const { texts, numbers, operations, rows } = columns
    const pluginAt = this.#pluginsOf(block)
    const isDel = columns.dictionary.find("DEL")
    const networks: number[] = []
    return (operation) => {
      const from = operations.from[operation] ?? 0
      const to = operations.from[operation + 1] ?? rows
      const command = texts.command[from]
      const containerId = texts.containerId[from]
      let asked: Asked = 0
      for (let row = from; row < to; row++) {
        if (texts.command[row] !== command || texts.containerId[row] !== containerId || numbers.as[row] === 1)
          return undefined
        if (command === isDel && !isOk(block, row)) return undefined
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
  ofOperation({ calls, command, containerId, network }: Operation): Asked | undefined {
    let asked: Asked = 0
    const networks: (string | undefined)[] = []
    for (const { call, level } of walk(calls)) {
      if (call.command !== command || call.containerId !== containerId || call.as === "probe") return undefined
      if (command === "DEL" && (call.state !== "ended" || isFailed(call))) return undefined
      networks[level] = call.network ?? (level > 0 ? networks[level - 1] : network)
      asked = this.#add(asked, this.#plugin(networks[level], call.ifname ?? "", call.plugin))
    }
    return asked
  }

  without(left: Asked, asked: Asked): Asked {
    const key = left * 0x1000000 + asked
    const known = this.#without.get(key)
    if (known !== undefined) return known
    const taken = this.#sets[asked] ?? []
    const rest = this.#number((this.#sets[left] ?? []).filter((plugin) => !taken.includes(plugin)))
    this.#without.set(key, rest)
    return rest
  }

  ifnames(asked: Asked): string[] {
    return [...new Set((this.#sets[asked] ?? []).map((plugin) => this.#ifnames[plugin] ?? ""))]
  }

  #add(asked: Asked, plugin: number): Asked {
    const key = asked * 0x1000000 + plugin
    const known = this.#with.get(key)
    if (known !== undefined) return known
    const set = this.#sets[asked] ?? []
    const grown = set.includes(plugin) ? asked : this.#number([...set, plugin].sort((a, b) => a - b))
    this.#with.set(key, grown)
    return grown
  }

  #number(set: readonly number[]): Asked {
    const key = set.join()
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.#sets.length)
    return this.#sets.push(set) - 1
  }

  #pluginsOf({ columns }: Block): (row: number, network: number) => number {
    const { texts, dictionary } = columns
    const known = new Map<number, number>()
    return (row, network) => {
      const [ifname = 0, plugin = 0] = [texts.ifname[row], texts.plugin[row]]
      const isNarrow = dictionary.size < 0x10000
      const key = (network * 0x10000 + ifname) * 0x10000 + plugin
      const before = isNarrow ? known.get(key) : undefined
      if (before !== undefined) return before
      const interfaceName = dictionary.text(ifname) ?? ""
      const number = this.#plugin(dictionary.text(network), interfaceName, textAt(columns, "plugin", row) ?? "")
      known.set(key, number)
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

function isOk({ columns }: Block, row: number): boolean {
  const exit = exitAt(columns, row)
  return stateAt(columns, row) === "ended" && exit !== undefined && "code" in exit && exit.code === 0
}
