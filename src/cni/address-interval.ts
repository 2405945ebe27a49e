import { type Address, type Prefix, parseAddress, parsePrefix } from "./address.ts"

/** Addresses from `first` to `last`, both included. */
export type AddressInterval = { bits: 32 | 128; first: bigint; last: bigint }

/** All addresses of a prefix, its network and broadcast address included. */
export function intervalOf({ address: { bits, value }, length }: Prefix): AddressInterval {
  const size = 1n << BigInt(bits - length)
  const first = (value / size) * size
  return { bits, first, last: first + size - 1n }
}

/** `10.0.0.0/24`, `10.0.0.7` or `10.0.0.10-10.0.0.20`, the last one with or without a prefix length. */
export function parseInterval(text: string): AddressInterval | undefined {
  const [from = "", to, ...rest] = text.split("-")
  if (rest.length > 0) return undefined
  if (to === undefined) {
    const prefix = parsePrefix(text)
    const address = parseAddress(text)
    return prefix ? intervalOf(prefix) : address && single(address)
  }
  const [first, last] = [from, to].map((part) => parseAddress(part.trim().replace(/\/\d+$/, "")))
  if (!first || !last || first.bits !== last.bits) return undefined
  return { bits: first.bits, first: first.value, last: last.value }
}

/** Whether every address of the interval is in one of the others. */
export function isCovered({ bits, first, last }: AddressInterval, others: readonly AddressInterval[]): boolean {
  const sorted = others
    .filter((other) => other.bits === bits)
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  let next = first
  for (const other of sorted) {
    if (other.first > next) break
    if (other.last >= next) next = other.last + 1n
  }
  return next > last
}

function single({ bits, value }: Address): AddressInterval {
  return { bits, first: value, last: value }
}
