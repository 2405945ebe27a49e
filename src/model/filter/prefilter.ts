import { type Address, parseAddress, parsePrefix } from "../../cni/address.ts"
import { type FieldName, fieldOf } from "./field.ts"
import type { Filter, Operand, Test } from "./filter.ts"

/**
 * The source of a regular expression (latin1, no flags) that finds something in the lines of every call that the filter
 * matches: searching a million calls for it is many times faster than parsing them. Undefined if there is no such
 * expression. `isDecided`: whether a test is decided without the streams, so that the prefilter can leave it out.
 */
export function prefilterOf(filter: Filter, isDecided: (test: Test) => boolean): string | undefined {
  const pattern = partPattern(filter, isDecided)
  return pattern === DECIDED || pattern === undefined ? undefined : `${pattern}|${ANYTHING}`
}

/** The same for lines that contain an address, in any notation. */
export function addressPrefilter(address: Address): string | undefined {
  const pattern = address.bits === 32 ? ipv4Pattern(address, 32) : ipv6Pattern(address)
  return pattern && `${pattern}|${ANYTHING}`
}

/** A \\u escape can be any character, and two non-ASCII letters become ASCII in lower case: the Kelvin sign and the dotted I. */
const ANYTHING = "\\\\u|\\xe2\\x84\\xaa|\\xc4\\xb0"
const DECIDED = Symbol("decided")

function partPattern(filter: Filter, isDecided: (test: Test) => boolean): string | typeof DECIDED | undefined {
  if (filter.kind === "test") return isDecided(filter) ? DECIDED : testPattern(filter)
  if (filter.kind === "not") return partPattern(filter.part, isDecided) === DECIDED ? DECIDED : undefined
  const patterns = filter.parts.map((part) => partPattern(part, isDecided)).filter((pattern) => pattern !== DECIDED)
  if (patterns.length === 0) return DECIDED
  if (filter.kind === "or") return patterns.some((pattern) => pattern === undefined) ? undefined : patterns.join("|")
  if (patterns.length === 1) return patterns[0]
  // It is not known which part is still undecided: a part that a decided test makes true needs no text.
  return filter.parts.map((part) => strictPattern(part)).find((pattern) => pattern !== undefined)
}

/** The text that the part requires even if no test is decided. */
function strictPattern(part: Filter): string | undefined {
  const pattern = partPattern(part, () => false)
  return pattern === DECIDED ? undefined : pattern
}

const STREAMS: readonly FieldName[] = ["msg", "stdin", "stdout", "stderr"]

function testPattern({ field, operator, values }: Test): string | undefined {
  // Without a code in the line, no comparison with a number matches.
  if (field === "code") return '\\\\"code\\\\"'
  if (operator !== "=" && operator !== "~") return undefined
  const isAddress = fieldOf(field).kind === "address" && operator === "="
  if (!isAddress && !STREAMS.includes(field)) return undefined
  const patterns = values.map((value) => (isAddress ? networkPattern(value) : textPattern(value)))
  return patterns.length === 0 || patterns.some((pattern) => pattern === undefined) ? undefined : patterns.join("|")
}

/** Shorter texts occur nearly everywhere. */
const LEAST_CHARACTERS = 3

/** Case-insensitive. In the line, quotes and backslashes are escaped once or more, and slashes may be. */
function textPattern({ kind, text }: Operand): string | undefined {
  if (kind !== "text" || text.length < LEAST_CHARACTERS || !/^[ !#-[\]-~]*$/.test(text)) return undefined
  return [...text].map(characterPattern).join("")
}

function characterPattern(character: string): string {
  if (/[a-z]/i.test(character)) return `[${character.toLowerCase()}${character.toUpperCase()}]`
  return character === "/" ? "\\\\*/" : character.replace(/[\^$.*+?()[\]{}|]/, "\\$&")
}

function networkPattern({ kind, text }: Operand): string | undefined {
  if (kind !== "text") return undefined
  const prefix = parsePrefix(text)
  const address = prefix?.address ?? parseAddress(text)
  if (!address) return undefined
  const length = prefix?.length ?? address.bits
  if (address.bits === 32) return ipv4Pattern(address, length)
  return length === 128 ? ipv6Pattern(address) : undefined
}

/** IPv4 addresses have one notation. */
function ipv4Pattern({ value }: Address, length: number): string | undefined {
  const octets = octetsOf(value).slice(0, Math.floor(length / 8))
  if (octets.length === 0) return undefined
  return octets.join("\\.") + (octets.length < 4 ? "\\." : "")
}

/** IPv6 has many notations for zeros: searched is the last group, if it is not zero, or the last two as an IPv4 address. */
function ipv6Pattern({ value }: Address): string | undefined {
  const last = value & 0xffffn
  if (last === 0n) return undefined
  const digits = [...last.toString(16)].map(characterPattern).join("")
  return `[0-9a-fA-F:]:0{0,3}${digits}(?![0-9a-fA-F:.])|:${octetsOf(value).join("\\.")}`
}

function octetsOf(value: bigint): string[] {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n))
}
