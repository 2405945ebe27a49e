import { formatAddress, isMapped, parseAddress, prefixLength } from "../../cni/address.ts"
import { base64Bytes } from "./bytes.ts"
import type { DecodedPart } from "./decode.ts"

/**
 * IP addresses and networks as Go prints them: `net.IPNet{IP:net.IP{0xa, ...}, Mask:net.IPMask{0xff, ...}}` (%#v),
 * `{IP:10.0.0.1 Mask:ffffff00}` (%+v), `{10.0.0.1 ffffff00}` (%v), and `IP:[10 0 0 1]`, if the type has no String method.
 */
export function findAddresses(line: string): DecodedPart[] {
  if (!ANY_FORM.test(line)) return []
  return FORMS.flatMap(({ pattern, text }) =>
    [...line.matchAll(pattern)].flatMap((match) => {
      const address = text(match.groups ?? {})
      // The name of the field is kept.
      const from = match.index + (match.groups?.field?.length ?? 0)
      return address === undefined
        ? []
        : [{ from, to: match.index + match[0].length, encoding: "address" as const, text: address }]
    }),
  )
}

/** A `net.IPNet` that encoding/json wrote: it has no MarshalJSON, so that its mask becomes base64. */
export function jsonNetwork(value: Record<string, unknown>): string | undefined {
  const { IP, Mask, ...others } = value
  if (typeof IP !== "string" || typeof Mask !== "string" || Object.keys(others).length > 0) return undefined
  return /^(?:[\w+/]{6}==|[\w+/]{22}==)$/.test(Mask) ? network(IP, base64Bytes(Mask)) : undefined
}

const HEX = String.raw`0x[0-9a-f]{1,2}(?:,?\s{0,80}0x[0-9a-f]{1,2}){3,15},?\s{0,80}`
const DECIMAL = String.raw`\d{1,3}(?:[,\s]\s{0,80}\d{1,3}){3,15}`
const TEXT = String.raw`[\da-f.:]{2,45}`

/** How each form begins: one cheap test for the many lines without an address. */
const ANY_FORM = /net\.IP|\{(?:IP:)?[\da-f.:]{2,45}\s|[:=]\s?\[\d|\[0[,\s]|\](?:uint8|byte)\{/i

type AddressForm = { pattern: RegExp; text(groups: Record<string, string | undefined>): string | undefined }

const FORMS: readonly AddressForm[] = [
  {
    pattern: new RegExp(
      String.raw`&?net\.IPNet\s?\{IP:\s?net\.IP\s?\{(?<ip>${HEX})\},\s{0,80}Mask:\s?net\.IPMask\s?\{(?<mask>${HEX})\}\}`,
      "gi",
    ),
    text: ({ ip, mask }) => network(formatAddress(bytesOf(ip)), bytesOf(mask)),
  },
  {
    pattern: new RegExp(String.raw`net\.IP\s?\{(?<ip>${HEX})\}`, "gi"),
    text: ({ ip }) => formatAddress(bytesOf(ip)),
  },
  {
    pattern: new RegExp(String.raw`net\.IPMask\s?\{(?<mask>${HEX})\}`, "gi"),
    text: ({ mask }) => maskText(bytesOf(mask)),
  },
  {
    pattern: new RegExp(
      String.raw`&?\{(?:IP:)?(?<ip>${TEXT})\s{1,80}(?:Mask:)?(?<mask>[\da-f]{32}|[\da-f]{8})\}`,
      "gi",
    ),
    text: ({ ip = "", mask = "" }) => network(ip, bytesOf(mask.replace(/../g, " 0x$&"))),
  },
  {
    pattern: new RegExp(String.raw`&?\{IP:\[(?<ip>${DECIMAL})\]\s{1,80}Mask:\[(?<mask>${DECIMAL})\]\}`, "gi"),
    text: ({ ip, mask }) => network(formatAddress(bytesOf(ip)), bytesOf(mask)),
  },
  {
    pattern: new RegExp(
      String.raw`(?<field>(?:\b(?:IP|ip|[Aa]ddr(?:ess)?|[Gg]ateway|GW|Gw|gw|Dst|dst|Src|src|[Ss]ubnet)|[a-z]IP|[a-z]Addr(?:ess)?)\s?[:=]\s?)(?:\[(?<ip>${DECIMAL})\]|\[\d{0,2}\](?:uint8|byte)\{(?<hex>${HEX})\})`,
      "g",
    ),
    text: ({ ip, hex }) => formatAddress(bytesOf(ip ?? hex)),
  },
  {
    pattern: new RegExp(String.raw`(?<field>\bMask\s?[:=]\s?)\[(?<mask>${DECIMAL})\]`, "gi"),
    text: ({ mask }) => maskText(bytesOf(mask)),
  },
  {
    // Without the name of a field only this form, which net.ParseIP returns, is certainly an address.
    pattern: /\[(?<ip>0(?:[,\s]\s{0,80}\d{1,3}){15})\]/g,
    text: ({ ip }) => (isMapped(bytesOf(ip)) ? formatAddress(bytesOf(ip)) : undefined),
  },
]

/** Empty if a number is not a byte. */
function bytesOf(list = ""): number[] {
  const bytes = (list.match(/0x[\da-f]+|\d+/gi) ?? []).map(Number)
  return bytes.every((byte) => byte < 256) ? bytes : []
}

function network(ip: string | undefined, mask: readonly number[]): string | undefined {
  const address = ip === undefined ? undefined : parseAddress(ip)
  const length = prefixLength(mask)
  if (!address || length === undefined) return undefined
  // Go accepts a mask of 16 bytes for an IPv4 address, if its first 12 are ones.
  const common = address.bits === 32 && mask.length === 16 ? length - 96 : length
  return common < 0 || common > address.bits ? undefined : `${ip}/${common}`
}

function maskText(mask: readonly number[]): string | undefined {
  const length = prefixLength(mask)
  return length === undefined ? undefined : `/${length}`
}
