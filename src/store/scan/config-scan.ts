import type { Call } from "../../model/call.ts"
import { type ByteScanner, isLongAt, Literal } from "./byte-scanner.ts"
import { ByteSlice } from "./byte-slice.ts"

/** What a configuration tells a list. */
export type ConfigHead = Pick<Call, "network" | "cniVersion">

const TEXT = new Literal(',"text":"')
const QUOTE = 34
const BACKSLASH = 92
const RECENT = 8

/** What the beginning of a configuration tells, as far as its bytes had to be looked at. */
export class KnownConfig {
  readonly bytes: Buffer
  readonly network = new ByteSlice()
  readonly cniVersion = new ByteSlice()

  constructor(bytes: Buffer, { network, cniVersion }: ConfigHead) {
    this.bytes = bytes
    this.network.set(network)
    this.cniVersion.set(cniVersion)
  }
}

export const NO_CONFIG = new KnownConfig(Buffer.alloc(0), {})

/**
 * `name` and `cniVersion` of the configuration in `,"stdin":{` before the cursor; the line's own bytes end at `to`.
 * `recent`: what was read of this plugin's last ones, because they come again with every call of it.
 */
export function scanConfig(line: Buffer, cursor: ByteScanner, to: number, recent: KnownConfig[]): KnownConfig {
  if (!cursor.skipTo(TEXT, to)) return NO_CONFIG
  const start = cursor.at
  // Where the bytes that told it are the same, the rest of them is of no matter.
  for (const known of recent) if (isLongAt(line, start, known.bytes)) return known
  const scanned = scan(line.subarray(0, to), start)
  const known = new KnownConfig(Buffer.from(line.subarray(start, scanned.to)), scanned.head)
  if (recent.length >= RECENT) recent.shift()
  recent.push(known)
  return known
}

/**
 * Keys of its outermost object, found without parsing what is nested. The text is JSON inside a JSON string: an inner
 * quote is `\"`, an inner backslash `\\`. A configuration that breaks off after them still tells them. `to`: the end of
 * what was looked at.
 */
function scan(line: Buffer, start: number): { head: ConfigHead; to: number } {
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
  // An empty name is none.
  const head = { network: network || undefined, cniVersion: cniVersion || undefined } as ConfigHead
  return { head, to: Math.min(line.length, at + 1) }
}

/** Where the `\"` that closes an inner string starts. */
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
