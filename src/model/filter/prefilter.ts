import { type Address, parseAddress, parsePrefix } from "../../cni/address.ts"
import { type FieldName, fieldOf } from "./field.ts"
import type { Filter, Operand, Test } from "./filter.ts"

/**
 * What must stand in the lines of a call that the filter lets through, as the source of a regular expression over their
 * bytes (latin1, no flags): a million calls are searched for it many times faster than they are parsed. Undefined where
 * nothing must. `isDecided`: whether that test is answered without it, in which case it is taken to be open no more.
 */
export function prefilterOf(filter: Filter, isDecided: (test: Test) => boolean): string | undefined {
  const needle = partNeedle(filter, isDecided)
  return needle === DECIDED || needle === undefined ? undefined : `${needle}|${ANYTHING}`
}

/** The same for what holds an address, however it is written. */
export function addressPrefilter(address: Address): string | undefined {
  const needle = address.bits === 32 ? ipv4Needle(address, 32) : ipv6Needle(address)
  return needle && `${needle}|${ANYTHING}`
}

/** An escape may stand for any character, and two letters beyond ASCII are an ASCII letter in lower case: the Kelvin sign and the dotted I. */
const ANYTHING = "\\\\u|\\xe2\\x84\\xaa|\\xc4\\xb0"
const DECIDED = Symbol("decided")

function partNeedle(filter: Filter, isDecided: (test: Test) => boolean): string | typeof DECIDED | undefined {
  if (filter.kind === "test") return isDecided(filter) ? DECIDED : testNeedle(filter)
  if (filter.kind === "not") return partNeedle(filter.part, isDecided) === DECIDED ? DECIDED : undefined
  const needles = filter.parts.map((part) => partNeedle(part, isDecided)).filter((needle) => needle !== DECIDED)
  if (needles.length === 0) return DECIDED
  if (filter.kind === "or") return needles.some((needle) => needle === undefined) ? undefined : needles.join("|")
  if (needles.length === 1) return needles[0]
  // Which of them is open nobody knows: a part that a decided test made true needs nothing more.
  return filter.parts.map((part) => strictNeedle(part)).find((needle) => needle !== undefined)
}

/** What must stand there for the part to hold, whatever is decided. */
function strictNeedle(part: Filter): string | undefined {
  const needle = partNeedle(part, () => false)
  return needle === DECIDED ? undefined : needle
}

const STREAMS: readonly FieldName[] = ["msg", "stdin", "stdout", "stderr"]

function testNeedle({ field, operator, values }: Test): string | undefined {
  // A number is compared with what is there, and where no code is there with nothing.
  if (field === "code") return '\\\\"code\\\\"'
  if (operator !== "=" && operator !== "~") return undefined
  const isAddress = fieldOf(field).kind === "address" && operator === "="
  if (!isAddress && !STREAMS.includes(field)) return undefined
  const needles = values.map((value) => (isAddress ? networkNeedle(value) : textNeedle(value)))
  return needles.length === 0 || needles.some((needle) => needle === undefined) ? undefined : needles.join("|")
}

/** Shorter ones stand everywhere. */
const LEAST_CHARACTERS = 3

/** In any case. Quotes and backslashes are escaped once or more, slashes perhaps. */
function textNeedle({ kind, text }: Operand): string | undefined {
  if (kind !== "text" || text.length < LEAST_CHARACTERS || !/^[ !#-[\]-~]*$/.test(text)) return undefined
  return [...text].map(characterNeedle).join("")
}

function characterNeedle(character: string): string {
  if (/[a-z]/i.test(character)) return `[${character.toLowerCase()}${character.toUpperCase()}]`
  return character === "/" ? "\\\\*/" : character.replace(/[\^$.*+?()[\]{}|]/, "\\$&")
}

function networkNeedle({ kind, text }: Operand): string | undefined {
  if (kind !== "text") return undefined
  const prefix = parsePrefix(text)
  const address = prefix?.address ?? parseAddress(text)
  if (!address) return undefined
  const length = prefix?.length ?? address.bits
  if (address.bits === 32) return ipv4Needle(address, length)
  return length === 128 ? ipv6Needle(address) : undefined
}

/** Their numbers have one spelling. */
function ipv4Needle({ value }: Address, length: number): string | undefined {
  const octets = octetsOf(value).slice(0, Math.floor(length / 8))
  if (octets.length === 0) return undefined
  return octets.join("\\.") + (octets.length < 4 ? "\\." : "")
}

/** Their zeros have many: how the last group is written, if it is not among them, or the last two as an IPv4 address. */
function ipv6Needle({ value }: Address): string | undefined {
  const last = value & 0xffffn
  if (last === 0n) return undefined
  const digits = [...last.toString(16)].map(characterNeedle).join("")
  return `[0-9a-fA-F:]:0{0,3}${digits}(?![0-9a-fA-F:.])|:${octetsOf(value).join("\\.")}`
}

function octetsOf(value: bigint): string[] {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n))
}
