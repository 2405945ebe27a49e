import type { Begin } from "../../capture/record.ts"
import { isObject, parseJson } from "../../cni/json.ts"
import { type Call, configOf } from "../../model/call.ts"
import { type ByteScanner, isLongAt } from "./byte-scanner.ts"
import { ByteSlice } from "./byte-slice.ts"

/** What a list shows of a network configuration. */
export type ConfigFields = Pick<Call, "network" | "cniVersion">

const TEXT = Buffer.from(',"text":"')
const QUOTE = 34
const BACKSLASH = 92
const ENTRIES = 8

/** The fields of a configuration that begins with these bytes: as many as had to be read. */
export class CachedConfig {
  readonly bytes: Buffer
  readonly network = new ByteSlice()
  readonly cniVersion = new ByteSlice()

  constructor(bytes: Buffer, { network, cniVersion }: ConfigFields) {
    this.bytes = bytes
    this.network.set(network)
    this.cniVersion.set(cniVersion)
  }
}

export const NO_CONFIG = new CachedConfig(Buffer.alloc(0), {})

/**
 * `name` and `cniVersion` of the configuration in `,"stdin":{`, which the scanner has passed; the record's bytes end at
 * `to`. `cache`: configurations of the same plugin, because they are the same for each of its calls. Undefined if stdin
 * is not text.
 */
export function scanConfig(
  line: Buffer,
  scanner: ByteScanner,
  to: number,
  cache: CachedConfig[],
): CachedConfig | undefined {
  if (!scanner.skipTo(TEXT, to)) return undefined
  const start = scanner.at
  // If the bytes up to both fields are the same, the rest does not matter.
  for (const cached of cache) if (isLongAt(line, start, cached.bytes)) return cached
  const scanned = scan(line.subarray(0, to), start)
  const config = new CachedConfig(Buffer.from(line.subarray(start, scanned.to)), scanned.fields)
  if (cache.length >= ENTRIES) cache.shift()
  cache.push(config)
  return config
}

/**
 * Finds keys of the outermost object without parsing nested values. The text is JSON inside a JSON string: an inner
 * quote is `\"`, an inner backslash `\\`. A truncated configuration is read as far as it goes. `to`: the end of the bytes
 * that were read.
 */
function scan(line: Buffer, start: number): { fields: ConfigFields; to: number } {
  let network: string | undefined
  let cniVersion: string | undefined
  let depth = 0
  let key = ""
  let at = start
  for (; at < line.length; at++) {
    const byte = line[at]
    if (byte === BACKSLASH && line[at + 1] === QUOTE) {
      const to = innerStringEnd(line, at + 2)
      if (depth === 1) {
        if (key === "") key = line.toString("latin1", at + 2, to)
        else if (key === "name") network = unescaped(line.toString("utf8", at + 2, to))
        else if (key === "cniVersion") cniVersion = unescaped(line.toString("utf8", at + 2, to))
      }
      at = to + 1
      if (network !== undefined && cniVersion !== undefined) break
    } else if (byte === 123 || byte === 91) depth++
    else if (byte === 125 || byte === 93) depth--
    else if (byte === 44) key = ""
    else if (byte === QUOTE) break
  }
  // An empty name counts as missing.
  const fields = { network: network || undefined, cniVersion: cniVersion || undefined } as ConfigFields
  return { fields, to: Math.min(line.length, at + 1) }
}

/** Start of the `\"` that closes an inner string. */
function innerStringEnd(line: Buffer, from: number): number {
  for (let at = from; at < line.length; at++) {
    if (line[at] !== BACKSLASH) continue
    if (line[at + 1] === QUOTE) return at
    // An inner backslash (`\\`) escapes the inner character after it, whose quote or backslash is two bytes here.
    if (line[at + 1] === BACKSLASH) at += line[at + 2] === BACKSLASH ? 3 : 1
    else at++
  }
  return line.length
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text
  try {
    return JSON.parse(`"${JSON.parse(`"${text}"`)}"`) as string
  } catch {
    return text
  }
}

/** The same fields, from a decoded record. */
export function configFields(stdin: Begin["stdin"]): ConfigFields {
  const { name, cniVersion } = configOf(stdin) ?? {}
  return { ...(name ? { network: name } : {}), ...(cniVersion ? { cniVersion } : {}) }
}

/** Where host-local keeps its addresses, if its configuration says so. */
export function dataDirOf(stdin: Begin["stdin"]): string | undefined {
  if (!stdin || !("text" in stdin) || !stdin.text.includes("dataDir")) return undefined
  const config = parseJson(stdin.text)
  const dataDir = isObject(config) && isObject(config.ipam) ? config.ipam.dataDir : undefined
  return typeof dataDir === "string" ? dataDir : undefined
}
