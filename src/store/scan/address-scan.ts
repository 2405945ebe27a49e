import type { Payload } from "../../capture/record.ts"
import { addressNumber, parseAddress } from "../../cni/address.ts"
import { isObject, parseJson } from "../../cni/json.ts"
import { addressesOf } from "../../model/result/result-fields.ts"
import { isAt } from "./byte-scanner.ts"

const TAB = 9
const SPACE = 32
const QUOTE = 34
const SLASH = 47
const ZERO = 48
const COLON = 58
const BACKSLASH = 92
const [LETTER_N, LETTER_R, LETTER_T] = [110, 114, 116]

/** `ips[].address` since 0.3.0 and `ip4`, `ip6` before, as keys in a JSON string: up to the closing quote. */
const ADDRESS = Buffer.from('address\\"')
const OLD_KEYS = [Buffer.from('\\"ip4\\"'), Buffer.from('\\"ip6\\"')]
/** Every letter of an address or of a key would have this in its Unicode escape. */
const ESCAPE = Buffer.from("u00")

/** How far the end of a key may be from a byte: the search of Horspool for the last seven bytes of all keys. */
const STRIDE = new Uint8Array(256).fill(7)
for (const key of [ADDRESS, ...OLD_KEYS])
  for (let back = 6; back > 0; back--)
    STRIDE[key.at(-1 - back) ?? 0] = Math.min(back, STRIDE[key.at(-1 - back) ?? 0] ?? 0)

/**
 * Adds the numbers (`addressNumber`) of all addresses in the JSON text that begins in these bytes of a line: maybe more
 * than its result has, but never fewer. The text is JSON inside a JSON string: an inner quote is `\"`. False if only a
 * parser can decide.
 */
export function scanAddresses(bytes: Buffer, into: number[]): boolean {
  if (bytes.includes(ESCAPE)) return false
  for (let at = 6; at < bytes.length; at += STRIDE[bytes[at] ?? 0] ?? 1) {
    if (bytes[at] !== QUOTE || bytes[at - 1] !== BACKSLASH) continue
    if (endsAt(bytes, at, ADDRESS)) {
      if (!addValue(bytes, at + 1, into)) return false
    } else if (OLD_KEYS.some((key) => endsAt(bytes, at, key))) return false
  }
  return true
}

function endsAt(bytes: Buffer, at: number, key: Buffer): boolean {
  return bytes[at - 2] === key[key.length - 3] && at >= key.length && isAt(bytes, at + 1 - key.length, key)
}

/** The value of a key that ends at `from`. */
function addValue(bytes: Buffer, from: number, into: number[]): boolean {
  const colon = afterSpace(bytes, from)
  if (bytes[colon] !== COLON) return true
  const start = afterSpace(bytes, colon + 1)
  if (bytes[start] !== BACKSLASH || bytes[start + 1] !== QUOTE) return true
  const end = bytes.indexOf(BACKSLASH, start + 2)
  if (end < 0 || bytes[end + 1] !== QUOTE) return false
  addAddress(bytes, start + 2, end, into)
  return true
}

function afterSpace(bytes: Buffer, from: number): number {
  let at = from
  for (;;) {
    const byte = bytes[at]
    if (byte === SPACE || byte === TAB) at++
    else if (byte === BACKSLASH && isLineFeed(bytes[at + 1])) at += 2
    else return at
  }
}

function isLineFeed(escaped: number | undefined): boolean {
  return escaped === LETTER_N || escaped === LETTER_R || escaped === LETTER_T
}

function addAddress(bytes: Buffer, from: number, to: number, into: number[]): void {
  let [value, octet, octets] = [0, 0, 1]
  for (let at = from; at < to && bytes[at] !== SLASH; at++) {
    const digit = (bytes[at] ?? 0) - ZERO
    if (digit >= 0 && digit <= 9) octet = octet * 10 + digit
    else if (digit > 9) {
      addText(bytes.toString("latin1", from, to), into)
      return
    } else {
      value = value * 256 + octet
      octet = 0
      octets++
    }
  }
  if (octets === 4 && octet < 256) into.push((value * 256 + octet) >>> 0)
}

function addText(text: string, into: number[]): void {
  const address = parseAddress(text.replace(/\/\d+$/, ""))
  if (address) into.push(addressNumber(address))
}

/** The same from a decoded stream. `member`: look in this member of the object, instead of in the object itself. */
export function payloadAddresses(payload: Payload | undefined, into: number[], member?: "prevResult"): void {
  const value = payload && "text" in payload ? parseJson(payload.text) : undefined
  const result = member && isObject(value) ? value[member] : value
  if (isObject(result)) for (const text of addressesOf(result)) addText(text, into)
}
