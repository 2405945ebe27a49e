import { FIELD_NAMES, type FieldName, fieldOf } from "./field.ts"
import type { Expectation } from "./filter-failure.ts"
import { operatorsOf } from "./operand.ts"
import { expectationAtEnd, LIMITS, SHORT_CONDITIONS } from "./parse.ts"
import { operandText } from "./text.ts"

export type Suggestion = { text: string; help: string }

/** Replacements for the text from `from` to `to` (offsets, from 0). */
export type Completion = { from: number; to: number; suggestions: Suggestion[] }

/** Values that occur in the capture: names of plugins, pods, nodes. */
export type KnownValues = Partial<Record<FieldName, readonly string[]>>

/** Completions at the cursor for the word before it. */
export function complete(text: string, cursor: number, known: KnownValues = {}): Completion {
  const before = text.slice(0, cursor)
  const quote = openQuote(before)
  const from = quote ?? before.search(/[^\s()=!~<>,"']*$/)
  const word = before.slice(quote === undefined ? from : from + 1)
  const expectation = expectationAtEnd(text.slice(0, from), 0)
  const operatorFrom = before.search(/[=!~<>]+$/)
  if (expectation.kind === "none" && operatorFrom >= 0) {
    const suggestions = suggestionsFor(expectationAtEnd(text.slice(0, operatorFrom), 0), known)
    return beginningWith(before.slice(operatorFrom), operatorFrom, cursor, suggestions)
  }
  // Conditions need no word between them, but all of them at once would hide the few words that join.
  const others = expectation.kind === "connector" && word !== "" ? CONDITIONS : []
  return beginningWith(word, from, cursor, [...suggestionsFor(expectation, known), ...others])
}

function beginningWith(word: string, from: number, to: number, suggestions: Suggestion[]): Completion {
  const lower = word.toLowerCase()
  const fitting = suggestions.filter(({ text }) => text.replace(/^"/, "").toLowerCase().startsWith(lower))
  return { from, to, suggestions: fitting }
}

function suggestionsFor(expectation: Expectation, known: KnownValues): Suggestion[] {
  switch (expectation.kind) {
    case "condition":
      return CONDITIONS
    case "operator":
      return operatorsOf(expectation.field).map((text) => ({ text, help: OPERATOR_HELP[text] ?? "" }))
    case "value": {
      const { field } = expectation
      const values = [...new Set([...(fieldOf(field).values ?? []), ...(known[field] ?? [])])]
      return values.map((text) => ({ text: operandText({ kind: "text", text }), help: field }))
    }
    case "connector":
      return expectation.isNested ? [...CONNECTORS, { text: ")", help: "ends the bracket" }] : CONNECTORS
    case "none":
      return []
  }
}

const CONDITIONS: Suggestion[] = [
  ...FIELD_NAMES.map((name) => ({ text: name, help: fieldOf(name).help })),
  ...Object.keys(LIMITS).map((text) => ({ text, help: `${text}=10m, ${text}=2026-09-21T03:00:00Z` })),
  ...Object.entries(SHORT_CONDITIONS).map(([text, outcomes]) => ({
    text,
    help: `outcome is ${outcomes.join(" or ")}`,
  })),
  { text: "not", help: "the opposite" },
  { text: "(", help: "several conditions as one" },
]

const CONNECTORS: Suggestion[] = [
  { text: "and", help: "both hold" },
  { text: "or", help: "one of them holds" },
]

const OPERATOR_HELP: Readonly<Record<string, string>> = {
  "=": "equal; * matches any text",
  "!=": "not equal",
  in: "is one of (a, b)",
  "not in": "is none of (a, b)",
  "~": "contains a text, or matches /a regular expression/",
  "!~": "does not contain",
  ">": "more than",
  ">=": "at least",
  "<": "less than",
  "<=": "at most",
}

/** Where the quote begins that is still open at the end of the text. */
function openQuote(text: string): number | undefined {
  let open: number | undefined
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === "\\" && open !== undefined) at++
    else if (open === undefined && (character === '"' || character === "'")) open = at
    else if (open !== undefined && character === text[open]) open = undefined
  }
  return open
}
