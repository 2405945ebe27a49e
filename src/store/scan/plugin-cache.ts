import { BEGIN, hasShape } from "../../capture/record-shape.ts"
import { isObject, parseJson } from "../../cni/json.ts"
import { type ByteScanner, isAt } from "./byte-scanner.ts"
import { ByteSlice } from "./byte-slice.ts"
import type { CachedConfig } from "./config-scan.ts"

const ENV = Buffer.from(',"env":{')
const STDIN = Buffer.from(',"stdin":{')
const { plugin, path, argv, envNames, original } = BEGIN
/** a power of two */
const SLOTS = 64

type Members = Parameters<typeof hasShape>[1]

/** What all lines of a plugin have in common. */
type PluginLayout = {
  plugin: ByteSlice
  isHostLocal: boolean
  /** from the plugin's name to its environment */
  toEnv: PrefixCache
  /** from the environment to stdin */
  toStdin: PrefixCache
  configs: CachedConfig[]
}

export class PluginCache {
  /** by a hash of the name; a plugin with the same hash replaces the one before */
  readonly #slots: PluginLayout[] = []

  get({ bytes, from, to, hash }: ByteSlice): PluginLayout {
    const slot = hash & (SLOTS - 1)
    const cached = this.#slots[slot]
    if (cached?.plugin.to === to - from && isAt(bytes, from, cached.plugin.bytes)) return cached
    const name = bytes.toString("latin1", from, to)
    const layout = {
      plugin: ByteSlice.of(name),
      isHostLocal: name === "host-local",
      toEnv: new PrefixCache('{"plugin":""', ENV, { plugin, path, argv }),
      toStdin: new PrefixCache('{"envNames":[', STDIN, { envNames, original }),
      configs: [],
    }
    this.#slots[slot] = layout
    return layout
  }
}

/**
 * Members that the header does not need, up to a literal. Comparing them with those of the line before is faster than
 * searching for the literal.
 */
class PrefixCache {
  readonly #start: string
  readonly #end: Buffer
  readonly #members: Members
  #prefix: Buffer | undefined

  /** `start`: makes a JSON object of the bytes between the scanner and the literal. */
  constructor(start: string, end: Buffer, members: Members) {
    this.#start = start
    this.#end = end
    this.#members = members
  }

  /** Moves past the literal. False if it does not follow before `to`, or if other members come before it. */
  skip(scanner: ByteScanner, bytes: Buffer, to: number): boolean {
    if (this.#prefix && scanner.skipLong(this.#prefix)) return true
    const from = scanner.at
    if (!scanner.skipTo(this.#end, to)) return false
    const text = bytes.toString("utf8", from, scanner.at - this.#end.length)
    if (!hasOnly(`${this.#start}${text}}`, this.#members)) return false
    this.#prefix = Buffer.from(bytes.subarray(from, scanner.at))
    return true
  }
}

function hasOnly(json: string, members: Members): boolean {
  const value = parseJson(json)
  return isObject(value) && Object.keys(value).every((name) => name in members) && hasShape(value, members)
}
