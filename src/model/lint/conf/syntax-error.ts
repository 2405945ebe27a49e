import { type ParseError, printParseErrorCode } from "jsonc-parser"

/** Why a text is not JSON. `at`: where to change it, a character offset. */
export type SyntaxError = { detail: string; at: number; remedy: string }

/** Puts a parse error into words that say what to change. */
export function explainSyntaxError(text: string, parseError: ParseError | undefined): SyntaxError {
  const { error: code, offset } = parseError ?? { offset: 0 }
  const error = code === undefined ? "" : printParseErrorCode(code)
  const next = text.slice(offset).trimStart()
  const at = offset + (text.slice(offset).length - next.length)
  if (text.trim() === "") return { detail: "the file is empty", at: 0, remedy: "Remove it, or write a list into it." }
  if (/^\0/.test(text))
    return {
      detail: "it begins with NUL bytes: the node went down before the content was written",
      at: 0,
      remedy: "Remove the file and restart the agent that writes it.",
    }
  const comma = commaBefore(text, at)
  if (comma !== undefined && /^[}\]]/.test(next))
    return { detail: `a comma before \`${next[0]}\``, at: comma, remedy: "Remove the comma." }
  if (next !== "" && isJson(text.slice(0, at)))
    return { detail: `text after the end of the object: ${shown(next)}`, at, remedy: "Remove what follows the object." }
  const found = bySymbol(next)
  if (found) return { ...found, at }
  if (error === "CommaExpected")
    return { detail: `a comma is missing before ${shown(next)}`, at, remedy: "Add a comma." }
  if (error === "ColonExpected")
    return { detail: `a colon is missing before ${shown(next)}`, at, remedy: "Add a colon after the key." }
  if (error === "UnexpectedEndOfString" || error === "InvalidCharacter")
    return { detail: "a string that does not end on its line", at: offset, remedy: 'Close it with `"`.' }
  if (next === "" && CLOSING.includes(error))
    return {
      detail: "the file ends before its last bracket is closed",
      at: text.trimEnd().length,
      remedy: "Restore the rest of it.",
    }
  return { detail: `${inWords(error)}, found ${shown(next)}`, at, remedy: "Correct it." }
}

const CLOSING: readonly string[] = [
  "CloseBraceExpected",
  "CloseBracketExpected",
  "PropertyNameExpected",
  "ValueExpected",
]

/** Kinds of text that other formats allow, and templates that were not filled in. */
const SYMBOLS: [RegExp, (found: string) => { detail: string; remedy: string }][] = [
  [/^(?:\/\/|\/\*|#)/, (mark) => ({ detail: `JSON has no comments (\`${mark}\`)`, remedy: "Remove the comment." })],
  [/^['\u2018\u2019\u201c\u201d]/, (quote) => ({ detail: `a string in ${quote}`, remedy: 'Use `"` around strings.' })],
  [
    /^(?:__[A-Z0-9_]+__|\{\{[^}\n]*\}\}|\$\{[^}\n]*\}|\$[A-Z_]+)/,
    (name) => ({
      detail: `the placeholder ${name} was not filled in`,
      remedy: "Look at the log of the agent that writes this file from a template.",
    }),
  ],
  [
    /^(?:True|False|TRUE|FALSE|None|NULL|Null|nil|yes|no|on|off)\b/,
    (word) => ({ detail: `${word} is not a JSON value`, remedy: "Write true, false or null." }),
  ],
  [/^[A-Za-z_][\w-]*(?=\s*:)/, (key) => ({ detail: `the key ${key} is not in quotes`, remedy: `Write "${key}".` })],
]

function bySymbol(next: string): { detail: string; remedy: string } | undefined {
  for (const [pattern, explain] of SYMBOLS) {
    const [found] = pattern.exec(next) ?? []
    if (found !== undefined) return explain(found)
  }
  return undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Position of the comma that precedes this position, with nothing but white space between. */
function commaBefore(text: string, at: number): number | undefined {
  const before = text.slice(0, at).trimEnd()
  return before.endsWith(",") ? before.length - 1 : undefined
}

function shown(next: string): string {
  if (next === "") return "the end of the file"
  const [token = ""] = /^(?:"[^"\n]{0,30}"?|[\w.+-]{1,30}|.)/.exec(next) ?? []
  return `\`${token}\``
}

/** `CommaExpected`: "comma expected". */
function inWords(code: string): string {
  return code.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()
}
