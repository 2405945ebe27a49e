import { base64Bytes, utf8Text } from "./bytes.ts"
import type { DecodedPart } from "./decode.ts"

/** How a list is written: its first number, each further one, and its end, which a log may have cut off. */
type Form = { start: RegExp; next: RegExp; end: RegExp; radix: 10 | 16 }

// Step by step, because one expression for a whole list of a megabyte overflows the engine's stack.
const FORMS: readonly Form[] = [
  {
    start: /(?<open>\[)\s*(?<digits>\d{1,3})(?!\d)/g,
    next: /(?:\s*,\s*|\s+)(?<digits>\d{1,3})(?!\d)/y,
    end: /(?<close>\s*\])|[\s,]*(?:\.\.\.|…)?$/y,
    radix: 10,
  },
  {
    start: /(?:(?:\[\]|\[\d*\])?(?:uint8|byte)\s*)?(?<open>[{[(]\s*)?0x(?<digits>[0-9a-f]{1,2})/gi,
    next: /\s*,?\s*0x(?<digits>[0-9a-f]{1,2})/iy,
    end: /(?<close>\s*,?\s*[\])}])|[\s,]*(?:\.\.\.|…)?$/y,
    radix: 16,
  },
]

const FEWEST_BYTES = 4

/** `[123 34 99]`, `[123, 34, 99]`, `[]uint8{0x7b, 0x22}`, `0x7b 0x22`: Go's %v and %#v of bytes. */
export function findByteList(line: string): DecodedPart[] {
  return FORMS.flatMap((form) => [...listsOf(line, form)])
}

function* listsOf(line: string, { start, next, end, radix }: Form): Generator<DecodedPart> {
  start.lastIndex = 0
  for (let first = start.exec(line); first; first = start.exec(line)) {
    const bytes: number[] = []
    let to = start.lastIndex
    for (let found: RegExpExecArray | null = first; found; ) {
      bytes.push(Number.parseInt(found.groups?.digits ?? "", radix))
      next.lastIndex = to
      found = next.exec(line)
      if (found) to = next.lastIndex
    }
    if (bytes.length < FEWEST_BYTES || bytes.some((byte) => byte > 255)) continue
    const isOpen = first.groups?.open !== undefined
    end.lastIndex = to
    const ending = isOpen ? end.exec(line) : null
    if (ending) to = end.lastIndex
    const isTruncated = isOpen && ending?.groups?.close === undefined
    const text = utf8Text(bytes) ?? (isTruncated ? withoutHalfCharacter(bytes) : undefined)
    start.lastIndex = to
    if (text !== undefined)
      yield { from: first.index, to, encoding: "byte list", text, ...(isTruncated ? { isTruncated } : {}) }
  }
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
export function findHex(line: string): DecodedPart[] {
  return [...line.matchAll(/\b(?:0x)?((?:7b|5b)(?:[0-9a-f]{2}){7,})\b/gi)].flatMap((match) => {
    const text = utf8Text((match[1]?.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)))
    return text === undefined ? [] : [{ from: match.index, to: match.index + match[0].length, encoding: "hex", text }]
  })
}

/**
 * Base64 of what begins with a bracket. A part of a token (JWT) does too; that is a secret and stays as it is.
 */
export function findBase64(line: string): DecodedPart[] {
  return [...line.matchAll(/(?<![\w+/.-])(?:e[wy]|W[1-9yw])[\w+/-]{10,}={0,2}(?!\.[\w-]|[\w+/])/g)].flatMap((match) => {
    const bytes = base64Bytes(match[0])
    const text = utf8Text(bytes) ?? withoutHalfCharacter(bytes)
    return text === undefined
      ? []
      : [{ from: match.index, to: match.index + match[0].length, encoding: "base64", text }]
  })
}
