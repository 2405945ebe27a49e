import { contextOf } from "../../model/call.ts"
import { type ByteScanner, isAt, isLongAt, Literal } from "./byte-scanner.ts"
import { ByteSlice } from "./byte-slice.ts"
import type { KnownConfig } from "./config-scan.ts"
import { Context, scanEnv } from "./env-scan.ts"

const RECENT = 8

/** Texts that come again and again, each found by all its bytes at once. */
export class RecentTexts {
  readonly #known: { mark: Literal; text: ByteSlice }[] = []
  #oldest = 0

  /** The text before the cursor, which goes past its quote; undefined where it is not plain. */
  next(cursor: ByteScanner, bytes: Buffer): ByteSlice | undefined {
    for (const { mark, text } of this.#known) if (cursor.skip(mark)) return text
    const found = new ByteSlice()
    if (!cursor.text(found)) return undefined
    const text = ByteSlice.of(found.text())
    const mark = bytes.subarray(found.from, cursor.at)
    if (mark.length < Literal.LEAST_BYTES) return text
    this.#known[this.#oldest] = { mark: new Literal(mark), text }
    this.#oldest = (this.#oldest + 1) % RECENT
    return text
  }
}

const ENV_NAMES = new Literal('},"envNames":[')

/** Calls of one operation have the same environment. */
export class RecentEnvs {
  /** `bytes`: from behind its brace on to what follows it */
  readonly #known: { bytes: Buffer; context: Context }[] = []
  #oldest = 0

  /** What the environment before the cursor tells, until eight others were read; undefined where it is no JSON. */
  next(cursor: ByteScanner, bytes: Buffer, to: number): Context | undefined {
    const from = cursor.at
    for (const known of this.#known) {
      if (bytes[from + ID_BYTE] !== known.bytes[ID_BYTE] || !isLongAt(bytes, from, known.bytes)) continue
      cursor.at = from + known.bytes.length
      return known.context
    }
    const env = this.#known[this.#oldest] ?? { bytes: NO_BYTES, context: new Context() }
    this.#known[this.#oldest] = env
    this.#oldest = (this.#oldest + 1) % RECENT
    env.bytes = NO_BYTES
    const end = scanEnv(bytes, from, to, env.context)
    if (end < 0) return parsed(cursor, bytes, to, env.context)
    cursor.at = end
    if (!cursor.skip(ENV_NAMES)) return undefined
    env.bytes = Buffer.from(bytes.subarray(from, cursor.at))
    env.context.moveTo(env.bytes, from)
    return env.context
  }
}

const NO_BYTES = Buffer.alloc(0)
/** Environments of one length differ in the container's id, which comes early. */
const ID_BYTE = 59

function parsed(cursor: ByteScanner, bytes: Buffer, to: number, into: Context): Context | undefined {
  const from = cursor.at
  if (!cursor.skipTo(ENV_NAMES, to)) return undefined
  const end = cursor.at - ENV_NAMES.bytes.length
  try {
    into.load(contextOf(JSON.parse(`{${bytes.toString("utf8", from, end)}}`) as Record<string, string>))
    return into
  } catch {
    return undefined
  }
}

const ENV = new Literal(',"env":{')
const STDIN = new Literal(',"stdin":{')
const PLUGINS = 64

/** What stands in every line of a plugin. */
type RecentPlugin = {
  plugin: ByteSlice
  isHostLocal: boolean
  toEnv: Stretch
  toStdin: Stretch
  configs: KnownConfig[]
}

export class RecentPlugins {
  /** by a hash of its name, the one that was seen last of those that have it */
  readonly #known: RecentPlugin[] = []

  of({ bytes, from, to, hash }: ByteSlice): RecentPlugin {
    const slot = hash & (PLUGINS - 1)
    const known = this.#known[slot]
    if (known?.plugin.to === to - from && isAt(bytes, from, known.plugin.bytes)) return known
    const name = bytes.toString("latin1", from, to)
    const fresh = {
      plugin: ByteSlice.of(name),
      isHostLocal: name === "host-local",
      toEnv: new Stretch(ENV),
      toStdin: new Stretch(STDIN),
      configs: [],
    }
    this.#known[slot] = fresh
    return fresh
  }
}

/** The bytes up to and with a mark: that they are those of the line before is seen sooner than where the mark is. */
class Stretch {
  readonly #end: Literal
  #known: Literal | undefined

  constructor(end: Literal) {
    this.#end = end
  }

  /** Goes past the next place before `to` where the mark stands. */
  skip(cursor: ByteScanner, bytes: Buffer, to: number): boolean {
    if (this.#known && cursor.skip(this.#known)) return true
    const from = cursor.at
    if (!cursor.skipTo(this.#end, to)) return false
    this.#known = new Literal(bytes.subarray(from, cursor.at))
    return true
  }
}
