import type { Filter, Operand } from "./filter.ts"
import type { FilterError } from "./filter-failure.ts"

/** The filter as text; parsing it gives the same filter. */
export function filterText(filter: Filter): string {
  return written(filter, false)
}

/** The error for people: the message, the text, and a line that marks the place. */
export function filterErrorText(text: string, { message, expected, column, length }: FilterError): string {
  const wanted = expected.length > 0 ? `; expected ${either(expected.map(quotedConnector))}` : ""
  // One line, whatever was pasted; blanks keep the columns.
  const line = [...text.replace(/[\p{Cc}\u2028\u2029]/gu, " ")]
  const before = [...text.slice(0, column - 1)].length
  const under = [...text.slice(column - 1, column - 1 + length)].length
  const from = Math.max(0, before - 60)
  const shown = line.slice(from, from + 100).join("")
  const marks = "^".repeat(Math.max(1, Math.min(under, 100 - (before - from))))
  return `filter: ${message}${wanted}\n  ${shown.trimEnd()}\n  ${" ".repeat(before - from)}${marks}`
}

function written(filter: Filter, isInner: boolean): string {
  if (filter.kind === "not") return `not ${written(filter.part, true)}`
  if (filter.kind === "test") {
    const { field, operator, values } = filter
    if (values.length === 1 && values[0]) return `${field}${operator}${operandText(values[0])}`
    return `${field} ${operator === "=" ? "in" : "not in"} (${values.map(operandText).join(", ")})`
  }
  const text = filter.parts.map((part) => written(part, true)).join(` ${filter.kind} `)
  return isInner ? `(${text})` : text
}

/** A value as text, quoted if necessary. */
export function operandText(operand: Operand): string {
  if (operand.kind === "regex") return `/${operand.text}/${operand.flags}`
  const { text } = operand
  const isPlain = /^[^\s()=!~<>,"'\\]+$/.test(text) && (operand.kind === "glob" || !/[*]|^\//.test(text))
  if (isPlain) return text
  return `"${text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t")}"`
}

/** Words of the grammar: without quotes, "and or or" could not be read. */
function quotedConnector(word: string): string {
  return ["and", "or", ")", ","].includes(word) ? `"${word}"` : word
}

function either(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`
}
