import { asJsonText, base64Bytes, utf8Text } from "./bytes.ts"
import type { DecodedPart } from "./decode.ts"

/** The notation of a list: its first number, each further one, and its end, which a log may have truncated. */
type ListNotation = { start: RegExp; next: RegExp; end: RegExp; radix: 10 | 16 }

// Number by number, because one expression for a list of a megabyte overflows the engine's stack.
const NOTATIONS: readonly ListNotation[] = [
  {
    start: /(?<open>\[|\b(?:uint8|byte|RawMessage)\s?\{)\s*(?<digits>\d{1,3})(?![\dx])/gi,
    next: /(?:\s*,\s*|\s+)(?<digits>\d{1,3})(?!\d)/y,
    end: /(?<close>\s*,?\s*[\]}])|[\s,]*(?:\.\.\.|…)?$/y,
    radix: 10,
  },
  {
    start: /(?:(?:\[\]|\[\d*\])?(?:uint8|byte|json\.RawMessage)\s*)?(?<open>[{[(]\s*)?0x(?<digits>[0-9a-f]{1,2})/gi,
    next: /\s*,?\s*0x(?<digits>[0-9a-f]{1,2})/iy,
    end: /(?<close>\s*,?\s*[\])}])|[\s,]*(?:\.\.\.|…)?$/y,
    radix: 16,
  },
]

const MIN_BYTES = 4

/** A list that was pasted without its brackets is accepted only if it is the whole line and a whole JSON document. */
const BARE_LIST = /^\s*(?:123|91)[\s,][\d\s,]+$/

/** `[123 34 99]`, `[123, 34, 99]`, `[]uint8{0x7b, 0x22}`, `0x7b 0x22`: bytes as Go's %v and %#v print them. */
export function findByteList(line: string): DecodedPart[] {
  const unbracketed = BARE_LIST.test(line) ? asJsonText((line.match(/\d+/g) ?? []).map(Number)) : undefined
  if (unbracketed !== undefined) return [{ from: 0, to: line.length, encoding: "byte list", text: unbracketed }]
  return NOTATIONS.flatMap((notation) => [...listsOf(line, notation)])
}

function* listsOf(line: string, { start, next, end, radix }: ListNotation): Generator<DecodedPart> {
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
    if (bytes.length < MIN_BYTES || bytes.some((byte) => byte > 255)) continue
    const isOpen = first.groups?.open !== undefined
    end.lastIndex = to
    const ending = isOpen ? end.exec(line) : null
    if (ending) to = end.lastIndex
    const isTruncated = isOpen && ending?.groups?.close === undefined
    const text = utf8Text(bytes) ?? (isTruncated ? withoutPartialCharacter(bytes) : undefined)
    start.lastIndex = to
    if (text !== undefined)
      yield { from: first.index, to, encoding: "byte list", text, ...(isTruncated ? { isTruncated } : {}) }
  }
}

/** A truncated list may end in the middle of a character. */
function withoutPartialCharacter(bytes: readonly number[]): string | undefined {
  for (let less = 1; less <= 3; less++) {
    const text = utf8Text(bytes.slice(0, -less))
    if (text !== undefined) return text
  }
  return undefined
}

/** Bytes that start with a bracket, as Go's %x and `% x` print them. */
export function findHex(line: string): DecodedPart[] {
  return [...line.matchAll(/\b(?:0x)?((?:7b|5b)(?:(?:[0-9a-f]{2}){7,}|(?: [0-9a-f]{2}){7,}))\b/gi)].flatMap((match) => {
    const text = utf8Text((match[1]?.match(/[0-9a-f]{2}/gi) ?? []).map((pair) => Number.parseInt(pair, 16)))
    return text === undefined ? [] : [{ from: match.index, to: match.index + match[0].length, encoding: "hex", text }]
  })
}

/** Base64 of text that starts with a bracket. The parts of a JWT do too, but a token is a secret and is not decoded. */
export function findBase64(line: string): DecodedPart[] {
  return [...line.matchAll(/(?<![\w+/.-])(?:e[wy]|W[1-9yw])[\w+/-]{10,}={0,2}(?!\.[\w-]|[\w+/])/g)].flatMap((match) => {
    const bytes = base64Bytes(match[0])
    const text = utf8Text(bytes) ?? withoutPartialCharacter(bytes)
    return text === undefined
      ? []
      : [{ from: match.index, to: match.index + match[0].length, encoding: "base64", text }]
  })
}
