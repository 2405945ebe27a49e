import { base64Bytes, utf8Text } from "./bytes.ts"
import type { Stretch } from "./decode.ts"

// A list that the log cut off has no closing bracket, and perhaps three dots in its place.
const DECIMAL = /\[\s*\d{1,3}(?:(?:\s*,\s*|\s+)\d{1,3}){3,}(\s*\]|[\s,]*(?:\.\.\.|…)?$)?/g
const HEXADECIMAL =
  /(?:(?:\[\]|\[\d*\])?(?:uint8|byte)\s*)?([{[(]\s*)?0x[0-9a-f]{1,2}(?:\s*,?\s*0x[0-9a-f]{1,2}){3,}(\s*,?\s*[\])}]|[\s,]*(?:\.\.\.|…)?$)?/gi

/** `[123 34 99]`, `[123, 34, 99]`, `[]uint8{0x7b, 0x22}`, `0x7b 0x22`: Go's %v and %#v of bytes. */
export function findByteList(line: string): Stretch[] {
  return [
    ...[...line.matchAll(DECIMAL)].flatMap((match) => stretchOf(match, match[1], match[0].match(/\d+/g), 10)),
    ...[...line.matchAll(HEXADECIMAL)].flatMap((match) =>
      stretchOf(match, match[1] ? match[2] : "none", match[0].match(/0x[0-9a-f]{1,2}/gi), 16),
    ),
  ]
}

function stretchOf(
  match: RegExpExecArray,
  closing: string | undefined,
  digits: string[] | null,
  radix: 10 | 16,
): Stretch[] {
  const bytes = (digits ?? []).map((text) => Number.parseInt(radix === 16 ? text.slice(2) : text, radix))
  if (bytes.some((byte) => byte > 255)) return []
  const isCutOff = closing === undefined || /^[\s,.…]*$/.test(closing)
  const text = utf8Text(bytes) ?? (isCutOff ? withoutHalfCharacter(bytes) : undefined)
  if (text === undefined) return []
  return [
    {
      from: match.index,
      to: match.index + match[0].length,
      encoding: "byte list",
      text,
      ...(isCutOff ? { isCutOff } : {}),
    },
  ]
}

/** What was cut off may end in the middle of a character. */
function withoutHalfCharacter(bytes: readonly number[]): string | undefined {
  for (let less = 1; less <= 3; less++) {
    const text = utf8Text(bytes.slice(0, -less))
    if (text !== undefined) return text
  }
  return undefined
}

/** Go's %x of bytes that begin with a bracket. */
export function findHex(line: string): Stretch[] {
  return [...line.matchAll(/\b(?:0x)?((?:7b|5b)(?:[0-9a-f]{2}){7,})\b/gi)].flatMap((match) => {
    const text = utf8Text((match[1]?.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)))
    return text === undefined ? [] : [{ from: match.index, to: match.index + match[0].length, encoding: "hex", text }]
  })
}

/**
 * Base64 of what begins with a bracket. A part of a token (JWT) does too; that is a secret and stays as it is.
 */
export function findBase64(line: string): Stretch[] {
  return [...line.matchAll(/(?<![\w+/.-])(?:e[wy]|W[1-9yw])[\w+/-]{10,}={0,2}(?!\.[\w-]|[\w+/])/g)].flatMap((match) => {
    const bytes = base64Bytes(match[0])
    const text = utf8Text(bytes) ?? withoutHalfCharacter(bytes)
    return text === undefined
      ? []
      : [{ from: match.index, to: match.index + match[0].length, encoding: "base64", text }]
  })
}
