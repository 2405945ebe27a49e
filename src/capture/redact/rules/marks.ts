import { COMMAND_RULES, LINE_RULES } from "./lines.ts"
import { TOKEN_RULES } from "./tokens.ts"
import { WORD_RULES } from "./words.ts"

/**
 * A literal without which a text holds no secret that a rule could find. With `min`: in exactly this case, and followed by
 * at least that many characters of a token, with `before` of them before it. Without: in lower case, found in any case.
 */
export type Mark = { literal: string; min: number; before: number; rule: MarkRule; index: number }

/** Which rule a mark belongs to; `index` is its place in the list of its kind. */
export type MarkRule =
  | "word"
  | "token"
  | "line"
  | "command"
  | "url"
  | "userinfo"
  | "scheme"
  | "key block"
  | "annotations"
  | "labels"
  | "wireguard"
  | "pgpass"
  | "escape"

const own = (rule: MarkRule, ...literals: string[]): Mark[] =>
  literals.map((literal) => ({ literal, min: 0, before: 0, rule, index: 0 }))

/** A name that contains several marks is looked at once: the shortest ones suffice. */
function wordMarks(): Mark[] {
  const all = [
    ...new Set(
      WORD_RULES.flatMap(
        (rule) => rule.marks ?? (rule.mean === "secret" || rule.mean === "weak" ? rule.words.split(" ") : []),
      ),
    ),
  ]
  const shortest = all.filter((mark) => !all.some((other) => other !== mark && mark.includes(other)))
  return own("word", ...shortest)
}

export const MARKS: readonly Mark[] = [
  ...wordMarks(),
  ...TOKEN_RULES.flatMap(({ literals, min, before = 0 }, index) =>
    literals.map((literal): Mark => ({ literal, min, before, rule: "token", index })),
  ),
  ...LINE_RULES.flatMap(({ marks }, index) => own("line", ...marks).map((mark) => ({ ...mark, index }))),
  ...COMMAND_RULES.flatMap(({ commands }, index) => own("command", ...commands).map((mark) => ({ ...mark, index }))),
  ...own("url", "://"),
  // `user:password@host`, also in URLs
  ...own("userinfo", "@"),
  ...own("scheme", "bearer", "basic"),
  ...own("key block", "private key-----", "private key block-----"),
  // All annotations of a pod; one of them, `last-applied-configuration`, holds the values of its environment variables.
  ...own("annotations", "annotations", "last-applied-configuration"),
  ...own("labels", "labels"),
  ...own("wireguard", "=\t"),
  ...own("pgpass", ":5432:", ":5433:", ":6432:", ":*:"),
]

/** Marks of a text before its escapes are resolved: an escaped letter may spell any other mark. */
export const ESCAPE_MARKS: readonly Mark[] = own("escape", "\\u00", "\\x", "=\\t", "=\\\\t", "=\\\\\\\\t")

/** For the search: the rule, its index and the literal of each mark, in memory that costs less than an object for each. */
export const MARK_RULES: readonly MarkRule[] = [...new Set(MARKS.map(({ rule }) => rule))]
export const RULE_OF_MARK = MARKS.map(({ rule }) => digit(MARK_RULES.indexOf(rule))).join("")
export const INDEX_OF_MARK = MARKS.map(({ index }) => digit(index)).join("")
export const LITERALS = MARKS.map(({ literal }) => literal)

/**
 * The marks as one text for native code: a line for each, which begins with two characters, the numbers `min` and `before`
 * added to `0`.
 */
export const ALL_MARK_LINES = linesOf([...MARKS, ...ESCAPE_MARKS])

function linesOf(marks: readonly Mark[]): string {
  return marks.map(({ literal, min, before }) => `${digit(min)}${digit(before)}${literal}`).join("\n")
}

function digit(count: number): string {
  return String.fromCharCode(48 + Math.min(count, 70))
}
