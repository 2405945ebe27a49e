import { parseJson } from "../../cni/json.ts"
import { type DecodedLine, decodeLine } from "./decode.ts"

/** `line`: the number, from 1, of the line in the input; of the first one, if a list was broken over several lines. */
export type NumberedLine = DecodedLine & { line: number }

/** A list that is never closed must not be held in memory forever. This is enough for a list of 2 MiB. */
const MAX_HELD_CHARACTERS = 8 * 1024 * 1024
/** What holding a line costs besides its characters. */
const LINE_OVERHEAD = 64

/**
 * Decodes lines one by one. A terminal, a mail or a logger may have broken a byte list or an address over several lines:
 * these become one line if that is what makes them decodable, and stay as they are if not.
 */
export async function* decodeLines(lines: Iterable<string> | AsyncIterable<string>): AsyncGenerator<NumberedLine> {
  let held: HeldLine[] = []
  let characters = 0
  let number = 0
  for await (const line of lines) {
    number++
    const rest = held.length > 0 ? continuation(line) : undefined
    if (held.length > 0 && (rest === undefined || characters > MAX_HELD_CHARACTERS)) {
      yield* release(held)
      held = []
    }
    const current = { line, number, rest: held.length > 0 && rest !== undefined ? rest : line }
    if (held.length === 0 && !isOpen(line)) {
      yield { ...decodeLine(line), line: number }
      continue
    }
    characters = (held.length === 0 ? 0 : characters) + line.length + LINE_OVERHEAD
    held.push(current)
    if (isOpen(current.rest) || ONLY_BYTES.test(current.rest)) continue
    yield* release(held)
    held = []
  }
  yield* release(held)
}

/** `rest`: the line without what a logger wrote before it, if it continues the line before. */
type HeldLine = { line: string; number: number; rest: string }

/** Lines between which nothing was broken are separate again. */
function* release(held: readonly HeldLine[]): Generator<NumberedLine> {
  const joins = held.length > 1 ? bestJoin(held) : undefined
  let group: HeldLine[] = []
  for (const [at, line] of held.entries()) {
    if (at > 0 && !joins?.broken.has(at)) {
      yield decodeGroup(group, joins?.separator)
      group = []
    }
    group.push(line)
  }
  if (group.length > 0) yield decodeGroup(group, joins?.separator)
}

function decodeGroup(group: readonly HeldLine[], separator: Separator = " "): NumberedLine {
  const [first, ...others] = group
  const text = first && others.length === 0 ? first.line : join(group, separator).text
  return { ...decodeLine(text), line: first?.number ?? 1 }
}

type Separator = "" | " "

/** `broken`: the indexes of the lines that continue a part which the line before began. */
type Joins = { separator: Separator; broken: Set<number>; complete: number }

/** Undefined if joining the lines decodes nothing more. */
function bestJoin(held: readonly HeldLine[]): Joins | undefined {
  const words = joinsWith(held, " ")
  // A terminal breaks anywhere, also within a number. Such a number makes no JSON if it is read as two, nor the reverse.
  const isSplitNumber = held.some(
    ({ rest }, at) => at > 0 && /[\dx]$/.test(held[at - 1]?.rest ?? "") && /^[\da-fx]/i.test(rest),
  )
  const characters = isSplitNumber ? joinsWith(held, "") : undefined
  const best = characters && characters.complete > words.complete ? characters : words
  return best.broken.size > 0 ? best : undefined
}

function joinsWith(held: readonly HeldLine[], separator: Separator): Joins {
  const { text, starts } = join(held, separator)
  const broken = new Set<number>()
  let complete = 0
  let at = 1
  for (const { from, to, encoding, text: decoded } of decodeLine(text).parts) {
    // A part of a document has no offsets: the lines are one document.
    const isEverywhere = to === 0
    while (!isEverywhere && at < starts.length && (starts[at] ?? 0) <= from) at++
    const before = broken.size
    while (at < starts.length && (isEverywhere || (starts[at] ?? 0) < to)) broken.add(at++)
    if (broken.size > before && (encoding === "address" || isWholeJson(decoded))) complete++
  }
  return { separator, broken, complete }
}

/** `starts`: the offset in `text` of each line. */
function join(held: readonly HeldLine[], separator: Separator): { text: string; starts: number[] } {
  const starts: number[] = []
  let text = ""
  let isSeparated = true
  for (const { rest } of held) {
    if (!isSeparated && !/^\s/.test(rest)) text += separator
    starts.push(text.length)
    text += rest
    isSeparated = /\s$/.test(rest)
  }
  return { text, starts }
}

function isWholeJson(text: string): boolean {
  return parseJson(text) !== undefined
}

/** The line as the continuation of a list or of an address; undefined if it is none. */
function continuation(line: string): string | undefined {
  const rest = line.slice(LOG_PREFIX.exec(line)?.[0].length ?? 0)
  return CONTINUATION.test(rest.trimStart()) ? rest : undefined
}

/** What journald (short and short-iso) and the files of CRI container logs put before every line. */
const LOG_PREFIX =
  /^(?:\S{1,20} {1,2}\d{1,2} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.,+-]{8,40}Z?) (?:std(?:out|err) [PF] |\S{1,255} [^\s:]{1,255}: )/

const CONTINUATION = /^(?:,\s{0,80})?(?:0x|\d{1,3}(?!\w)|[\da-f]{1,2}(?!\w)|x[\da-f]|[\])}]|Mask:|net\.IPMask)/i

const ONLY_BYTES = /^[\da-fx\s,]*$/i

/** Whether a byte list or an address is begun and not closed at the end of the line. */
function isOpen(line: string): boolean {
  if (OPEN_ADDRESS.test(line.slice(-256)) || /^\s*(?:123|91)[\s,][\d\s,]*$/.test(line)) return true
  const opening = Math.max(line.lastIndexOf("["), line.lastIndexOf("{"), line.lastIndexOf("("))
  if (opening < 0) return false
  const list = line.slice(opening + 1)
  return line[opening] === "["
    ? /^[\d\s,]*$/.test(list) || /^\s*0x[\da-fx\s,]*$/i.test(list)
    : /(?:uint8|byte|RawMessage|IP|IPMask)\s?$/.test(line.slice(Math.max(0, opening - 16), opening)) &&
        /^[\da-fx\s,]*$/i.test(list)
}

const OPEN_ADDRESS = /\{IP:(?:net\.IP\s?\{[^{}]{0,128}\}|[\da-f.:]{2,45}),?\s*(?:Mask:\s*(?:net\.IPMask)?)?$/i
