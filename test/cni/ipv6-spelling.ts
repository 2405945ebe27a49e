import type { Random } from "../capture/random.ts"

/** One of the notations of an IPv6 address: with leading zeros, upper case, `::`, or a dotted tail. */
export function ipv6Spelling(random: Random, groups: readonly number[]): string {
  const write = (group: number) => {
    const digits = group.toString(16).padStart(random.pick([1, 1, 2, 4]), "0")
    return random.below(2) > 0 ? digits.toUpperCase() : digits
  }
  if (random.below(4) === 0) {
    const [high = 0, low = 0] = groups.slice(6)
    return `${groups.slice(0, 6).map(write).join(":")}:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  }
  const zero = groups.indexOf(0)
  if (zero < 0 || random.below(3) === 0) return groups.map(write).join(":")
  let end = zero
  while (groups[end] === 0) end++
  return `${groups.slice(0, zero).map(write).join(":")}::${groups.slice(end).map(write).join(":")}`
}
