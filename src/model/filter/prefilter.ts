import { type Address, addressNumber, parseAddress, parsePrefix } from "../../cni/address.ts"
import { STREAMS } from "../call.ts"
import { type FieldName, fieldOf } from "./field.ts"
import type { Filter, Operand, Test } from "./filter.ts"

/**
 * The source of a regular expression (latin1, no flags) that matches in the lines of every call that the filter matches.
 * Searching a million calls is many times faster than parsing them. Undefined if no such expression exists. `isDecided`:
 * whether a test is decided without the streams, so that the prefilter can leave it out.
 */
export function prefilterOf(filter: Filter, isDecided: (test: Test) => boolean): string | undefined {
  const patterns = required(filter, isDecided, testPatterns)
  return patterns === DECIDED || patterns === undefined ? undefined : `${patterns.join("|")}|${ANYTHING}`
}

/** A range of address numbers (`addressNumber`), both ends included. */
export type AddressRange = { from: number; to: number }

/** Every match of the filter has an address in one of these ranges. Undefined if the filter requires no address. */
export function requiredAddresses(
  filter: Filter,
  isDecided: (test: Test) => boolean = () => false,
): AddressRange[] | undefined {
  const ranges = required(filter, isDecided, testRanges)
  return ranges === DECIDED ? undefined : ranges
}

export function rangeOf(address: Address): AddressRange {
  const number = addressNumber(address)
  return { from: number, to: number }
}

/** A \\u escape can be any character, and two non-ASCII letters become ASCII in lower case: the Kelvin sign and the dotted I. */
const ANYTHING = "\\\\u|\\xe2\\x84\\xaa|\\xc4\\xb0"
const DECIDED = Symbol("decided")

/** Every match contains one of these alternatives. `of`: those of a test; undefined if it requires nothing. */
function required<Alternative>(
  filter: Filter,
  isDecided: (test: Test) => boolean,
  of: (test: Test) => Alternative[] | undefined,
): Alternative[] | typeof DECIDED | undefined {
  if (filter.kind === "test") return isDecided(filter) ? DECIDED : of(filter)
  if (filter.kind === "not") return required(filter.part, isDecided, of) === DECIDED ? DECIDED : undefined
  const parts = filter.parts.map((part) => required(part, isDecided, of)).filter((part) => part !== DECIDED)
  if (parts.length === 0) return DECIDED
  if (filter.kind === "or") {
    const known = parts.filter((part) => part !== undefined)
    return known.length < parts.length ? undefined : known.flat()
  }
  if (parts.length === 1) return parts[0]
  // It is not known which part is still undecided: a part that a decided test makes true requires nothing.
  const strict = filter.parts.map((part) => required(part, () => false, of))
  return strict.find((part): part is Alternative[] => part !== undefined && part !== DECIDED)
}

const STREAM_FIELDS: readonly FieldName[] = ["msg", ...STREAMS]

function testPatterns({ field, operator, values }: Test): string[] | undefined {
  // Without a code in the line, no comparison with a number matches.
  if (field === "code") return ['\\\\"code\\\\"']
  if (operator !== "=" && operator !== "~") return undefined
  const isAddress = fieldOf(field).kind === "address" && operator === "="
  if (!isAddress && !STREAM_FIELDS.includes(field)) return undefined
  const patterns = values.map((value) => (isAddress ? networkPattern(value) : textPattern(value)))
  return allKnown(patterns)
}

function testRanges({ field, operator, values }: Test): AddressRange[] | undefined {
  if (fieldOf(field).kind !== "address" || operator !== "=") return undefined
  return allKnown(values.map(networkRange))
}

function networkRange({ kind, text }: Operand): AddressRange | undefined {
  if (kind !== "text") return undefined
  const prefix = parsePrefix(text)
  const address = prefix?.address ?? parseAddress(text)
  if (!address) return undefined
  const length = prefix?.length ?? address.bits
  if (length === address.bits) return rangeOf(address)
  // The number of an IPv6 address is not ordered.
  if (address.bits === 128) return undefined
  const size = 2 ** (32 - length)
  const from = Math.floor(Number(address.value) / size) * size
  return { from, to: from + size - 1 }
}

/** Undefined if there is none, or if one is not known. */
function allKnown<Value>(values: readonly (Value | undefined)[]): Value[] | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 || known.length < values.length ? undefined : known
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
