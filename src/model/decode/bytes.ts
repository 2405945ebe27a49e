import { parseJson } from "../../cni/json.ts"

/** Undefined if the bytes are not valid UTF-8. */
export function utf8Text(bytes: readonly number[]): string | undefined {
  try {
    return decodeURIComponent(bytes.map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""))
  } catch {
    return undefined
  }
}

/** The text of a list of bytes in a JSON document, if that text is JSON itself. */
export function asJsonText(list: readonly unknown[]): string | undefined {
  if (list.length < 4 || !list.every(isByte)) return undefined
  const text = utf8Text(list)
  if (text === undefined || !/^\s*[{[]/.test(text)) return undefined
  return parseJson(text) === undefined ? undefined : text
}

function isByte(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255
}

/** Decodes base64 in the standard or URL-safe alphabet, with or without padding. */
export function base64Bytes(text: string): number[] {
  const bytes: number[] = []
  let bits = 0
  let value = 0
  for (const character of text) {
    const digit = DIGITS.indexOf(character === "-" ? "+" : character === "_" ? "/" : character)
    if (digit < 0) break
    value = ((value << 6) | digit) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes.push((value >> bits) & 0xff)
    }
  }
  return bytes
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
