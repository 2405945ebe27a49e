import type { Begin } from "../../capture/record.ts"
import { BEGIN } from "../../capture/record-shape.ts"
import { contextOf } from "../../model/call.ts"
import { type ByteScanner, isLongAt } from "./byte-scanner.ts"
import { EnvSlices, scanEnv } from "./env-scan.ts"

const ENTRIES = 8
const ENV_NAMES = Buffer.from('},"envNames":[')
const NO_BYTES = Buffer.alloc(0)

/** Calls of one operation often have the same CNI variables. */
export class EnvCache {
  /** `bytes`: from the brace of `env` to the bracket of `envNames` */
  readonly #entries: { bytes: Buffer; context: EnvSlices }[] = []
  #oldest = 0

  /** Reads the environment. The result is valid until eight others were read; undefined if it is not JSON. */
  read(scanner: ByteScanner, bytes: Buffer, to: number): EnvSlices | undefined {
    const from = scanner.at
    for (const entry of this.#entries) {
      if (!isLongAt(bytes, from, entry.bytes)) continue
      scanner.at = from + entry.bytes.length
      return entry.context
    }
    const entry = this.#entries[this.#oldest] ?? { bytes: NO_BYTES, context: new EnvSlices() }
    this.#entries[this.#oldest] = entry
    this.#oldest = (this.#oldest + 1) % ENTRIES
    entry.bytes = NO_BYTES
    const end = scanEnv(bytes, from, to, entry.context)
    if (end < 0) return parseEnv(scanner, bytes, to, entry.context)
    scanner.at = end
    if (!scanner.skip(ENV_NAMES)) return undefined
    entry.bytes = Buffer.from(bytes.subarray(from, scanner.at))
    entry.context.moveTo(entry.bytes, from)
    return entry.context
  }
}

function parseEnv(scanner: ByteScanner, bytes: Buffer, to: number, into: EnvSlices): EnvSlices | undefined {
  const from = scanner.at
  if (!scanner.skipTo(ENV_NAMES, to)) return undefined
  const end = scanner.at - ENV_NAMES.length
  try {
    const env = JSON.parse(`{${bytes.toString("utf8", from, end)}}`) as Begin["env"]
    if (!BEGIN.env(env)) return undefined
    into.load(contextOf(env))
    return into
  } catch {
    return undefined
  }
}
