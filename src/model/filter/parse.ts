import { parseAddress, parsePrefix } from "../../cni/address.ts"
import { FIELD_ALIASES, FIELD_NAMES, type FieldName, fieldOf, findField } from "./field.ts"
import type { Filter, Operand, Operator, Place } from "./filter.ts"
import { nearest } from "./nearest.ts"
import { operandOf, operatorsOf } from "./operand.ts"

export type ParsedFilter = { ok: true; filter: Filter } | { ok: false; error: FilterError }

/** `message` is one sentence without a full stop; `column` (from 1) and `length` give its place in the text. */
export type FilterError = Place & {
  message: string
  /** what is allowed there instead */
  expected: string[]
}

/** What can follow the end of a text. */
export type Expectation =
  | { kind: "condition" }
  | { kind: "operator"; field: FieldName }
  | { kind: "value"; field: FieldName; operator: Operator }
  | { kind: "connector"; isNested: boolean }
  | { kind: "none" }

/** Words that are a condition by themselves. `failed`: what the runtime treats as a failure. */
export const SHORT_CONDITIONS: Readonly<Record<string, readonly string[]>> = {
  failed: ["failed", "killed"],
  ok: ["ok"],
  running: ["running"],
  killed: ["killed"],
}

/** Pseudo-fields that limit another one: `since=10m` is `time>=10m`. */
export const LIMITS: Readonly<Record<string, Operator>> = { since: ">=", until: "<=" }

/** Deeper nesting is a mistake or an attack on the stack. */
const MOST_NESTED = 100

/** Parses a filter (`GRAMMAR`). Times such as `10m` count back from `nowMs`. An empty text matches everything. */
export function parseFilter(text: string, nowMs: number): ParsedFilter {
  const { filter, error } = readFilter(text, nowMs)
  return filter ? { ok: true, filter } : { ok: false, error }
}

/** What can be written at the end of a text that is valid so far. */
export function expectationAtEnd(text: string, nowMs: number): Expectation {
  const { filter, error, expectation } = readFilter(text, nowMs)
  if (filter) return text.trim() === "" ? { kind: "condition" } : { kind: "connector", isNested: false }
  return error.column > text.trimEnd().length ? expectation : { kind: "none" }
}

/** `isAfterWord`: a word to search for came directly before. */
type FilterParser = { text: string; at: number; nowMs: number; nested: number; isAfterWord: boolean }

class Failure extends Error {
  readonly error: FilterError
  readonly expectation: Expectation
  constructor(error: FilterError, expectation: Expectation) {
    super(error.message)
    this.error = error
    this.expectation = expectation
  }
}

function readFilter(
  text: string,
  nowMs: number,
):
  | { filter: Filter; error?: never; expectation?: never }
  | { filter?: never; error: FilterError; expectation: Expectation } {
  const parser: FilterParser = { text, at: 0, nowMs, nested: 0, isAfterWord: false }
  try {
    skipBlanks(parser)
    if (parser.at === text.length) return { filter: { kind: "and", parts: [] } }
    const filter = parseOr(parser)
    if (parser.at < text.length) throw noConnector(parser)
    return { filter }
  } catch (failure) {
    if (failure instanceof Failure) return { error: failure.error, expectation: failure.expectation }
    throw failure
  }
}

function parseOr(parser: FilterParser): Filter {
  return parseSeries(
    "or",
    () => takeKeyword(parser, "or"),
    () =>
      parseSeries(
        "and",
        () => takeKeyword(parser, "and") || beginsCondition(parser),
        () => parseNot(parser),
      ),
  )
}

function parseSeries(kind: "and" | "or", goesOn: () => boolean, parsePart: () => Filter): Filter {
  const first = parsePart()
  const parts = [first]
  while (goesOn()) parts.push(parsePart())
  return parts.length === 1 ? first : { kind, parts }
}

/** Conditions that follow one another without a word between them must all hold, as in a search engine. */
function beginsCondition(parser: FilterParser): boolean {
  return sees(parser, /[^\s)=!~<>,&|]/y) && !sees(parser, keywordPattern("(?:and|or)"))
}

function parseNot(parser: FilterParser): Filter {
  const from = parser.at
  if (!takeKeyword(parser, "not")) return parseCondition(parser)
  if (++parser.nested > MOST_NESTED) throw fail(parser, "nested too deep", [], { kind: "none" }, from)
  const part = parseNot(parser)
  parser.nested--
  return { kind: "not", part }
}

function parseCondition(parser: FilterParser): Filter {
  const from = parser.at
  const { isAfterWord } = parser
  parser.isAfterWord = false
  if (take(parser, /\(/y)) {
    if (++parser.nested > MOST_NESTED) throw fail(parser, "nested too deep", [], { kind: "none" }, from)
    const inner = parseOr(parser)
    if (!take(parser, /\)/y)) throw noConnector(parser)
    parser.nested--
    return inner
  }
  const quoted = takeQuoted(parser)
  if (quoted !== undefined) {
    parser.isAfterWord = true
    return search(quoted, placeFrom(parser, from))
  }
  const word = take(parser, WORD)
  if (word === undefined || isKeyword(word)) {
    parser.at = from
    throw fail(parser, "a condition is missing", ["a field", "(", "not"], { kind: "condition" })
  }
  const place = { column: from + 1, length: word.length }
  return parseTest(parser, word, place) ?? parseWord(parser, word, place, isAfterWord)
}

/** Undefined if no operator follows the word. */
function parseTest(parser: FilterParser, word: string, place: Place): Filter | undefined {
  const from = parser.at
  const operator = takeOperator(parser)
  if (!operator) return undefined
  // "no addresses in range" are four words to search for.
  if (operator.isList && parser.text[parser.at] !== "(" && !findField(word)) {
    parser.at = from
    return undefined
  }
  const limit = Object.hasOwn(LIMITS, word.toLowerCase()) ? LIMITS[word.toLowerCase()] : undefined
  const field = limit ? "time" : findField(word)
  if (!field) throw unknownField(word, place)
  const allowed = limit ? ["="] : operatorsOf(field)
  if (!allowed.includes(operator.isList ? (operator.sign === "=" ? "in" : "not in") : operator.sign)) {
    const at = { column: from + 1, length: parser.text.slice(from, parser.at).trimEnd().length }
    throw new Failure({ message: `${word} does not have this operator`, expected: allowed, ...at }, { kind: "none" })
  }
  const sign = limit ?? operator.sign
  const values = operator.isList ? parseList(parser, field, sign) : [parseOperand(parser, field, sign)]
  const end = parser.text.slice(0, parser.at).trimEnd().length
  return { kind: "test", field, operator: sign, values, place: { ...place, length: end - place.column + 1 } }
}

/** A word without an operator: a short condition, an address, or a text to search for. */
function parseWord(parser: FilterParser, word: string, place: Place, isAfterWord: boolean): Filter {
  const values = Object.hasOwn(SHORT_CONDITIONS, word.toLowerCase()) && SHORT_CONDITIONS[word.toLowerCase()]
  if (values) {
    const operands = values.map((text): Operand => ({ kind: "text", text }))
    return { kind: "test", field: "outcome", operator: "=", values: operands, place }
  }
  const limit = Object.hasOwn(LIMITS, word.toLowerCase())
  const field = limit ? "time" : findField(word)
  // "no IP" are two words to search for; a field alone was not finished.
  if (field && !isAfterWord && !beginsCondition(parser)) {
    const operators = limit ? ["="] : operatorsOf(field)
    const message = `${word} has no value; quote it to search for the word`
    throw fail(parser, message, operators, { kind: "operator", field })
  }
  const isAddress = parseAddress(word) !== undefined || parsePrefix(word) !== undefined
  if (isAddress) return { kind: "test", field: "ip", operator: "=", values: [{ kind: "text", text: word }], place }
  parser.isAfterWord = true
  return search(word, place)
}

function search(text: string, place: Place): Filter {
  return { kind: "test", field: "text", operator: "~", values: [{ kind: "text", text }], place }
}

function parseList(parser: FilterParser, field: FieldName, operator: Operator): Operand[] {
  const isOpen = take(parser, /\(/y)
  if (!isOpen) throw fail(parser, "a list is missing", ["("], { kind: "none" })
  const values = [parseOperand(parser, field, operator)]
  while (take(parser, /,/y)) values.push(parseOperand(parser, field, operator))
  if (!take(parser, /\)/y)) throw fail(parser, "the list does not end", [",", ")"], { kind: "none" })
  return values
}

function parseOperand(parser: FilterParser, field: FieldName, operator: Operator): Operand {
  const from = parser.at
  const expectation: Expectation = { kind: "value", field, operator }
  if (operator === "~" || operator === "!~") {
    const regex = take(parser, REGEX)
    if (regex !== undefined) return parseRegex(parser, regex, from)
  }
  const quoted = takeQuoted(parser)
  const word = quoted ?? take(parser, VALUE)
  if (word === undefined) {
    throw fail(parser, `${field} has no value`, [...(fieldOf(field).values ?? ["a value"])], expectation)
  }
  const operand = operandOf(field, operator, word, quoted !== undefined, parser.nowMs)
  if ("expected" in operand) {
    const place = placeFrom(parser, from)
    throw new Failure({ message: `${field} ${operand.message}`, expected: operand.expected, ...place }, expectation)
  }
  return operand
}

function parseRegex(parser: FilterParser, text: string, from: number): Operand {
  const end = text.lastIndexOf("/")
  const [source, flags] = [text.slice(1, end), text.slice(end + 1)]
  try {
    new RegExp(source, flags)
  } catch (error) {
    const message = (error as Error).message.replace(/^Invalid regular expression: /, "no regular expression: ")
    throw new Failure({ message, expected: [], ...placeFrom(parser, from) }, { kind: "none" })
  }
  return { kind: "regex", text: source, flags }
}

const WORD = /[^\s()=!~<>,"']+/y
const VALUE = /[^\s()=!~<>,"']+/y
/** Must end with a slash before a space, a bracket, a comma or the end, so that `/var/run` is a plain text. */
const REGEX = /\/(?:[^/\\]|\\.|\/(?![imsu]*(?:[\s),]|$)))+\/[imsu]*(?=[\s),]|$)/y

const KEYWORDS = ["and", "or", "not"]

function isKeyword(word: string): boolean {
  return KEYWORDS.includes(word.toLowerCase())
}

function takeKeyword(parser: FilterParser, keyword: string): boolean {
  const isTaken = take(parser, keywordPattern(keyword)) !== undefined
  if (isTaken) parser.isAfterWord = false
  return isTaken
}

function keywordPattern(keyword: string): RegExp {
  return new RegExp(`${keyword}(?=[\\s()"']|$)`, "iy")
}

function takeOperator(parser: FilterParser): { sign: Operator; isList: boolean } | undefined {
  const sign = take(parser, /==|!=|!~|>=|<=|=|~|>|</y)
  if (sign) return { sign: sign === "==" ? "=" : (sign as Operator), isList: false }
  const list = take(parser, /(?:not\s+)?in(?=[\s(]|$)/iy)
  return list === undefined ? undefined : { sign: /^not/i.test(list) ? "!=" : "=", isList: true }
}

function takeQuoted(parser: FilterParser): string | undefined {
  const from = parser.at
  const quote = parser.text[from]
  if (quote !== '"' && quote !== "'") return undefined
  const quoted = take(parser, quote === '"' ? /"(?:[^"\\]|\\.)*"/sy : /'(?:[^'\\]|\\.)*'/sy)
  if (quoted === undefined) {
    const place = { column: from + 1, length: parser.text.length - from }
    throw new Failure({ message: "the quote is not closed", expected: [quote], ...place }, { kind: "none" })
  }
  return quoted.slice(1, -1).replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character)
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t" }

function take(parser: FilterParser, pattern: RegExp): string | undefined {
  pattern.lastIndex = parser.at
  const [found] = pattern.exec(parser.text) ?? []
  if (found === undefined) return undefined
  parser.at += found.length
  skipBlanks(parser)
  return found
}

/** Whether the pattern matches at the parser's position. */
function sees({ text, at }: FilterParser, pattern: RegExp): boolean {
  pattern.lastIndex = at
  return pattern.test(text)
}

function skipBlanks(parser: FilterParser): void {
  const blanks = /\s*/y
  blanks.lastIndex = parser.at
  parser.at += blanks.exec(parser.text)?.[0].length ?? 0
}

function placeFrom(parser: FilterParser, from: number): Place {
  return { column: from + 1, length: Math.max(1, parser.text.slice(from, parser.at).trimEnd().length) }
}

function noConnector(parser: FilterParser): Failure {
  const isNested = parser.nested > 0
  const expectation: Expectation = { kind: "connector", isNested }
  if (parser.text[parser.at] === ",")
    return fail(parser, "several values must be in a list", ["in (a, b)"], expectation)
  const rest = parser.text[parser.at]
  const message =
    rest === undefined
      ? "a bracket is not closed"
      : rest === ")"
        ? "this bracket is not opened"
        : "conditions must be joined by words"
  return fail(parser, message, ["and", "or", ...(isNested ? [")"] : [])], expectation)
}

function unknownField(word: string, place: Place): Failure {
  const names = [...FIELD_NAMES, ...Object.keys(FIELD_ALIASES), ...Object.keys(LIMITS)]
  const near = nearest(word, names)
  return new Failure(
    { message: `no field is called ${word}`, expected: near ? [near] : names, ...place },
    { kind: "none" },
  )
}

/** An error about the word at `from`, by default the parser's position, or just after the end of the text. */
function fail(
  parser: FilterParser,
  message: string,
  expected: string[],
  expectation: Expectation,
  from = parser.at,
): Failure {
  const isEnd = from >= parser.text.length
  const column = (isEnd ? parser.text.trimEnd().length : from) + 1
  const length = isEnd ? 1 : (/^(?:[^\s()=!~<>,"']+|[=!~<>&|]+|.)/su.exec(parser.text.slice(from))?.[0].length ?? 1)
  return new Failure({ message, expected, column, length }, expectation)
}
