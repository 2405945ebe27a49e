import { parseAddress, parsePrefix } from "../../cni/address.ts"
import { FIELD_ALIASES, FIELD_NAMES, type FieldName, fieldOf, findField } from "./field.ts"
import type { Filter, Operand, Operator, Place } from "./filter.ts"
import { type Expectation, type FilterError, FilterFailure } from "./filter-failure.ts"
import {
  type FilterScanner,
  fail,
  isKeyword,
  keywordPattern,
  placeFrom,
  REGEX,
  sees,
  skipBlanks,
  take,
  takeKeyword,
  takeOperator,
  takeQuoted,
  VALUE,
  WORD,
} from "./filter-scanner.ts"
import { nearest } from "./nearest.ts"
import { operandOf, operatorsOf } from "./operand.ts"

export type ParsedFilter = { ok: true; filter: Filter } | { ok: false; error: FilterError }

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

function readFilter(
  text: string,
  nowMs: number,
):
  | { filter: Filter; error?: never; expectation?: never }
  | { filter?: never; error: FilterError; expectation: Expectation } {
  const scanner: FilterScanner = { text, at: 0, nowMs, nested: 0, isAfterWord: false }
  try {
    skipBlanks(scanner)
    if (scanner.at === text.length) return { filter: { kind: "and", parts: [] } }
    const filter = parseOr(scanner)
    if (scanner.at < text.length) throw noConnector(scanner)
    return { filter }
  } catch (failure) {
    if (failure instanceof FilterFailure) return { error: failure.error, expectation: failure.expectation }
    throw failure
  }
}

function parseOr(scanner: FilterScanner): Filter {
  return parseSeries(
    "or",
    () => takeKeyword(scanner, "or"),
    () =>
      parseSeries(
        "and",
        () => takeKeyword(scanner, "and") || beginsCondition(scanner),
        () => parseNot(scanner),
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
function beginsCondition(scanner: FilterScanner): boolean {
  return sees(scanner, /[^\s)=!~<>,&|]/y) && !sees(scanner, keywordPattern("(?:and|or)"))
}

function parseNot(scanner: FilterScanner): Filter {
  const from = scanner.at
  if (!takeKeyword(scanner, "not")) return parseCondition(scanner)
  if (++scanner.nested > MOST_NESTED) throw fail(scanner, "nested too deep", [], { kind: "none" }, from)
  const part = parseNot(scanner)
  scanner.nested--
  return { kind: "not", part }
}

function parseCondition(scanner: FilterScanner): Filter {
  const from = scanner.at
  const { isAfterWord } = scanner
  scanner.isAfterWord = false
  if (take(scanner, /\(/y)) {
    if (++scanner.nested > MOST_NESTED) throw fail(scanner, "nested too deep", [], { kind: "none" }, from)
    const inner = parseOr(scanner)
    if (!take(scanner, /\)/y)) throw noConnector(scanner)
    scanner.nested--
    return inner
  }
  const quoted = takeQuoted(scanner)
  if (quoted !== undefined) {
    scanner.isAfterWord = true
    return search(quoted, placeFrom(scanner, from))
  }
  const word = take(scanner, WORD)
  if (word === undefined || isKeyword(word)) {
    scanner.at = from
    throw fail(scanner, "a condition is missing", ["a field", "(", "not"], { kind: "condition" })
  }
  const place = { column: from + 1, length: word.length }
  return parseTest(scanner, word, place) ?? parseWord(scanner, word, place, isAfterWord)
}

/** Undefined if no operator follows the word. */
function parseTest(scanner: FilterScanner, word: string, place: Place): Filter | undefined {
  const from = scanner.at
  const operator = takeOperator(scanner)
  if (!operator) return undefined
  // "no addresses in range" are four words to search for.
  if (operator.isList && scanner.text[scanner.at] !== "(" && !findField(word)) {
    scanner.at = from
    return undefined
  }
  const limit = Object.hasOwn(LIMITS, word.toLowerCase()) ? LIMITS[word.toLowerCase()] : undefined
  const field = limit ? "time" : findField(word)
  if (!field) throw unknownField(word, place)
  const allowed = limit ? ["="] : operatorsOf(field)
  if (!allowed.includes(operator.isList ? (operator.sign === "=" ? "in" : "not in") : operator.sign)) {
    const at = { column: from + 1, length: scanner.text.slice(from, scanner.at).trimEnd().length }
    throw new FilterFailure(
      { message: `${word} does not have this operator`, expected: allowed, ...at },
      { kind: "none" },
    )
  }
  const sign = limit ?? operator.sign
  const values = operator.isList ? parseList(scanner, field, sign) : [parseOperand(scanner, field, sign)]
  const end = scanner.text.slice(0, scanner.at).trimEnd().length
  return { kind: "test", field, operator: sign, values, place: { ...place, length: end - place.column + 1 } }
}

/** A word without an operator: a short condition, an address, or a text to search for. */
function parseWord(scanner: FilterScanner, word: string, place: Place, isAfterWord: boolean): Filter {
  const values = Object.hasOwn(SHORT_CONDITIONS, word.toLowerCase()) && SHORT_CONDITIONS[word.toLowerCase()]
  if (values) {
    const operands = values.map((text): Operand => ({ kind: "text", text }))
    return { kind: "test", field: "outcome", operator: "=", values: operands, place }
  }
  const limit = Object.hasOwn(LIMITS, word.toLowerCase())
  const field = limit ? "time" : findField(word)
  // "no IP" are two words to search for; a field alone was not finished.
  if (field && !isAfterWord && !beginsCondition(scanner)) {
    const operators = limit ? ["="] : operatorsOf(field)
    const message = `${word} has no value; quote it to search for the word`
    throw fail(scanner, message, operators, { kind: "operator", field })
  }
  const isAddress = parseAddress(word) !== undefined || parsePrefix(word) !== undefined
  if (isAddress) return { kind: "test", field: "ip", operator: "=", values: [{ kind: "text", text: word }], place }
  scanner.isAfterWord = true
  return search(word, place)
}

function search(text: string, place: Place): Filter {
  return { kind: "test", field: "text", operator: "~", values: [{ kind: "text", text }], place }
}

function parseList(scanner: FilterScanner, field: FieldName, operator: Operator): Operand[] {
  const isOpen = take(scanner, /\(/y)
  if (!isOpen) throw fail(scanner, "a list is missing", ["("], { kind: "none" })
  const values = [parseOperand(scanner, field, operator)]
  while (take(scanner, /,/y)) values.push(parseOperand(scanner, field, operator))
  if (!take(scanner, /\)/y)) throw fail(scanner, "the list does not end", [",", ")"], { kind: "none" })
  return values
}

function parseOperand(scanner: FilterScanner, field: FieldName, operator: Operator): Operand {
  const from = scanner.at
  const expectation: Expectation = { kind: "value", field, operator }
  if (operator === "~" || operator === "!~") {
    const regex = take(scanner, REGEX)
    if (regex !== undefined) return parseRegex(scanner, regex, from)
  }
  const quoted = takeQuoted(scanner)
  const word = quoted ?? take(scanner, VALUE)
  if (word === undefined) {
    throw fail(scanner, `${field} has no value`, [...(fieldOf(field).values ?? ["a value"])], expectation)
  }
  const operand = operandOf(field, operator, word, quoted !== undefined, scanner.nowMs)
  if ("expected" in operand) {
    const place = placeFrom(scanner, from)
    throw new FilterFailure(
      { message: `${field} ${operand.message}`, expected: operand.expected, ...place },
      expectation,
    )
  }
  return operand
}

function parseRegex(scanner: FilterScanner, text: string, from: number): Operand {
  const end = text.lastIndexOf("/")
  const [source, flags] = [text.slice(1, end), text.slice(end + 1)]
  try {
    new RegExp(source, flags)
  } catch (error) {
    const message = (error as Error).message.replace(/^Invalid regular expression: /, "no regular expression: ")
    throw new FilterFailure({ message, expected: [], ...placeFrom(scanner, from) }, { kind: "none" })
  }
  return { kind: "regex", text: source, flags }
}

function noConnector(scanner: FilterScanner): FilterFailure {
  const isNested = scanner.nested > 0
  const expectation: Expectation = { kind: "connector", isNested }
  if (scanner.text[scanner.at] === ",")
    return fail(scanner, "several values must be in a list", ["in (a, b)"], expectation)
  const rest = scanner.text[scanner.at]
  const message =
    rest === undefined
      ? "a bracket is not closed"
      : rest === ")"
        ? "unmatched closing bracket"
        : "conditions must be joined by words"
  return fail(scanner, message, ["and", "or", ...(isNested ? [")"] : [])], expectation)
}

function unknownField(word: string, place: Place): FilterFailure {
  const names = [...FIELD_NAMES, ...Object.keys(FIELD_ALIASES), ...Object.keys(LIMITS)]
  const near = nearest(word, names)
  return new FilterFailure(
    { message: `no field is called ${word}`, expected: near ? [near] : names, ...place },
    { kind: "none" },
  )
}
