/** An IP address as a number; `bits` is 32 or 128. */
export type Address = { bits: 32 | 128; value: bigint }

/** An address with its prefix length: `10.1.2.3/24`. */
export type Prefix = { address: Address; length: number }

/** Undefined if the text is not an IPv4 or IPv6 address. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(":")) {
    const value = parseIpv4(text)
    return value === undefined ? undefined : { bits: 32, value }
  }
  const value = parseIpv6(text)
  return value === undefined ? undefined : { bits: 128, value }
}

/** Undefined if the text is not an address in CIDR notation. */
export function parsePrefix(text: string): Prefix | undefined {
  const [, host = "", digits] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const address = parseAddress(host)
  const length = Number(digits)
  return address && length <= address.bits ? { address, length } : undefined
}

/** The address in the notation of Go's `net.IP.String()` and RFC 5952; undefined unless these are 4 or 16 bytes. */
export function formatAddress(bytes: readonly number[]): string | undefined {
  if (bytes.length === 4) return bytes.join(".")
  if (bytes.length !== 16) return undefined
  if (isMapped(bytes)) return bytes.slice(12).join(".")
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0))
  const text = groups.map((group) => group.toString(16)).join(":")
  const zeros = [...text.matchAll(/(?<![^:])0(?::0)+(?![^:])/g)]
  const longest = zeros.reduce((best, [run]) => (run.length > best.length ? run : best), "")
  const from = zeros.find(([run]) => run === longest)?.index
  if (from === undefined) return text
  return `${text.slice(0, from).replace(/:$/, "")}::${text.slice(from + longest.length).replace(/^:/, "")}`
}

/** Whether these are the 16 bytes of an IPv4 address, as Go's `net.ParseIP` returns them (::ffff:10.0.0.1). */
export function isMapped(bytes: readonly number[]): boolean {
  return bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
}

/** The prefix length of a mask of 4 or 16 bytes; undefined if its ones are not contiguous. */
export function prefixLength(mask: readonly number[]): number | undefined {
  if (mask.length !== 4 && mask.length !== 16) return undefined
  const bits = mask.map((byte) => byte.toString(2).padStart(8, "0")).join("")
  const length = bits.lastIndexOf("1") + 1
  return bits.slice(0, length).includes("0") ? undefined : length
}

/**
 * 32 bits that are equal for equal addresses: an IPv4 address itself, the four words of an IPv6 address combined.
 * Different addresses may have the same number.
 */
export function addressNumber({ bits, value }: Address): number {
  if (bits === 32) return Number(value)
  return Number((value ^ (value >> 32n) ^ (value >> 64n) ^ (value >> 96n)) & 0xffffffffn)
}

/** Whether the text is this address, in any notation. */
export function isSameAddress(text: string, address: Address): boolean {
  const parsed = parseAddress(text)
  return parsed !== undefined && parsed.bits === address.bits && parsed.value === address.value
}

/** Whether the address belongs to the prefix. */
export function contains({ address: { bits, value }, length }: Prefix, address: Address): boolean {
  const shift = BigInt(bits - length)
  return address.bits === bits && address.value >> shift === value >> shift
}

function parseIpv4(text: string): bigint | undefined {
  const [, ...octets] = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text) ?? []
  let value = 0
  for (const octet of octets) {
    if (Number(octet) > 255) return undefined
    value = value * 256 + Number(octet)
  }
  return octets.length === 0 ? undefined : BigInt(value)
}

function parseIpv6(text: string): bigint | undefined {
  const [, head = "", tail] = /^(.*[:.])?(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? []
  const last = tail === undefined ? undefined : parseIpv4(tail)
  if (tail !== undefined && last === undefined) return undefined
  // A dotted tail (::ffff:10.0.0.1) stands for the last two groups.
  const groups = last === undefined ? text : `${head}${(last >> 16n).toString(16)}:${(last & 0xffffn).toString(16)}`
  const sides = groups.split("::")
  if (sides.length > 2) return undefined
  const [left = [], right] = sides.map((side) => (side === "" ? [] : side.split(":")))
  const missing = 8 - left.length - (right?.length ?? 0)
  if (right ? missing < 1 : missing !== 0) return undefined
  const all = [...left, ...new Array<string>(missing).fill("0"), ...(right ?? [])]
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return all.reduce((value, group) => (value << 16n) | BigInt(Number.parseInt(group, 16)), 0n)
}
