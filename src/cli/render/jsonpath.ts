/** `error`: what is wrong with the template, and at which character (from 1). */
export type JsonPath =
  | {
      render(value: unknown): string
      /** what the paths outside of ranges find, each value as text */
      values(value: unknown): string[]
    }
  | { error: string }

/**
 * A template as in kubectl: text outside braces is copied; inside is a path (`.items[*].id`, `['pod.name']`, `['a\.b']`,
 * `[0]`, `[-1]`, `[1:5:2]`, `[0,2]`, `..name`, `[?(@.command=="ADD")]`), a quoted string with escapes, `range <path>` or
 * `end`. Several values of one path are joined by a space, missing values are empty, objects are printed as JSON.
 */
export function compileJsonPath(template: string): JsonPath {
  const parser: JsonPathParser = { text: template.includes("{") ? template : `{${template}}`, at: 0 }
  try {
    const parts = parseParts(parser, false)
    return {
      render: (value) => renderParts(parts, value, value),
      values: (value) => parts.flatMap((part) => (part.kind === "path" ? select(part.path, [value]).map(textOf) : [])),
    }
  } catch (error) {
    if (error instanceof SyntaxError) return { error: error.message }
    throw error
  }
}

type JsonPathParser = { text: string; at: number }
type Part =
  | { kind: "text"; text: string }
  | { kind: "path"; path: PathStep[] }
  | { kind: "range"; path: PathStep[]; body: Part[] }
type PathStep =
  | { kind: "key"; key: string }
  | { kind: "every" }
  | { kind: "deep"; key: string }
  | { kind: "slice"; from: number | undefined; to: number | undefined; step: number }
  | { kind: "union"; paths: PathStep[][] }
  | { kind: "index"; index: number }
  | { kind: "test"; path: PathStep[]; operator: string; literal: unknown }

function renderParts(parts: Part[], root: unknown, here: unknown): string {
  return parts
    .map((part) => {
      if (part.kind === "text") return part.text
      const found = select(part.path, [here])
      if (part.kind === "range") return found.map((item) => renderParts(part.body, root, item)).join("")
      return found.map(textOf).join(" ")
    })
    .join("")
}

function textOf(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value)
}

function select(path: PathStep[], values: unknown[]): unknown[] {
  let found = values
  for (const step of path) found = found.flatMap((value) => follow(step, value))
  return found
}

function follow(step: PathStep, value: unknown): unknown[] {
  switch (step.kind) {
    case "key":
      return has(value, step.key) ? [value[step.key]] : []
    case "every":
      return Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : []
    case "deep":
      return descend(value, step.key)
    case "index": {
      const item: unknown = Array.isArray(value) ? value.at(step.index) : undefined
      return item === undefined ? [] : [item]
    }
    case "slice":
      return Array.isArray(value) ? value.slice(step.from, step.to).filter((_, at) => at % step.step === 0) : []
    case "union":
      return step.paths.flatMap((path) => select(path, [value]))
    case "test":
      return Array.isArray(value) ? value.filter((item) => holds(step, item)) : []
  }
}

function descend(value: unknown, key: string): unknown[] {
  if (typeof value !== "object" || value === null) return []
  const own = has(value, key) ? [value[key]] : []
  return [...own, ...Object.values(value).flatMap((inner) => descend(inner, key))]
}

function holds({ path, operator, literal }: Extract<PathStep, { kind: "test" }>, item: unknown): boolean {
  const [value] = select(path, [item])
  if (operator === "") return value !== undefined
  if (operator === "==") return value === literal
  if (operator === "!=") return value !== literal
  if (typeof value !== typeof literal || (typeof value !== "number" && typeof value !== "string")) return false
  const [left, right] = [value, literal as typeof value]
  return operator === "<"
    ? left < right
    : operator === "<="
      ? left <= right
      : operator === ">"
        ? left > right
        : left >= right
}

function parseParts(parser: JsonPathParser, isInRange: boolean): Part[] {
  const parts: Part[] = []
  for (;;) {
    const brace = parser.text.indexOf("{", parser.at)
    const text = parser.text.slice(parser.at, brace < 0 ? undefined : brace)
    if (text) parts.push({ kind: "text", text })
    if (brace < 0) {
      if (isInRange) throw new SyntaxError("{range} without {end}")
      return parts
    }
    parser.at = brace + 1
    skipBlanks(parser)
    if (take(parser, /end\b/y)) {
      expect(parser, "}")
      if (!isInRange) throw fail(parser, "{end} without {range}")
      return parts
    }
    if (take(parser, /range\b/y)) {
      const path = parsePath(parser)
      expect(parser, "}")
      parts.push({ kind: "range", path, body: parseParts(parser, true) })
      continue
    }
    const literal = take(parser, QUOTED)
    parts.push(
      literal ? { kind: "text", text: String(literalOf(parser, literal)) } : { kind: "path", path: parsePath(parser) },
    )
    expect(parser, "}")
  }
}

function parsePath(parser: JsonPathParser): PathStep[] {
  skipBlanks(parser)
  const steps: PathStep[] = []
  take(parser, /[$@]/y)
  for (;;) {
    const deep = take(parser, /\.\.[\w-]+/y)
    if (deep) {
      steps.push({ kind: "deep", key: deep.slice(2) })
      continue
    }
    const key = take(parser, /\.?(?:[\w-]|\\.)+/y)
    if (key) {
      steps.push({ kind: "key", key: unescaped(key.replace(/^\./, "")) })
      continue
    }
    if (take(parser, /\.?\*/y)) steps.push({ kind: "every" })
    else if (take(parser, /\.?\[/y)) steps.push(...parseBracket(parser))
    else {
      take(parser, /\./y)
      return steps
    }
  }
}

function parseBracket(parser: JsonPathParser): PathStep[] {
  const paths = [parseEntry(parser)]
  for (skipBlanks(parser); take(parser, /,\s*/y); skipBlanks(parser)) paths.push(parseEntry(parser))
  expect(parser, "]")
  return paths.length === 1 ? (paths[0] ?? []) : [{ kind: "union", paths }]
}

function parseEntry(parser: JsonPathParser): PathStep[] {
  if (take(parser, /\*/y)) return [{ kind: "every" }]
  const quoted = take(parser, QUOTED)
  // As in kubectl, a dot separates keys unless it is escaped.
  if (quoted)
    return quoted
      .slice(1, -1)
      .split(/(?<!\\)\./)
      .map((key) => ({ kind: "key", key: unescaped(key) }))
  if (take(parser, /\?\(/y)) return [parseTest(parser)]
  const range = take(parser, /-?\d*(?::-?\d*){0,2}/y)
  if (!range) throw fail(parser, "expected an index, *, a quoted key or ?(…)")
  if (!range.includes(":")) return [{ kind: "index", index: Number(range) }]
  const [from, to, step = 1] = range.split(":").map((part) => (part === "" ? undefined : Number(part)))
  if (step < 1) throw fail(parser, "a step is at least 1")
  return [{ kind: "slice", from, to, step }]
}

function parseTest(parser: JsonPathParser): PathStep {
  const path = parsePath(parser)
  skipBlanks(parser)
  const operator = take(parser, /==|!=|<=|>=|<|>/y) ?? ""
  skipBlanks(parser)
  const literal = operator ? (take(parser, QUOTED) ?? take(parser, /-?[\d.]+|true|false/y)) : ""
  if (literal === undefined) throw fail(parser, "expected a string, a number, true or false")
  expect(parser, ")")
  return { kind: "test", path, operator, literal: literal ? literalOf(parser, literal) : undefined }
}

const QUOTED = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y

function unescaped(key: string): string {
  return key.replace(/\\(.)/g, "$1")
}

function literalOf(parser: JsonPathParser, literal: string): unknown {
  const inside = literal
    .slice(1, -1)
    .replaceAll("\\'", "'")
    .replace(/(?<!\\)"/g, '\\"')
  try {
    return JSON.parse(literal.startsWith("'") ? `"${inside}"` : literal)
  } catch {
    throw fail(parser, `${literal} is not a string`)
  }
}

function take(parser: JsonPathParser, pattern: RegExp): string | undefined {
  pattern.lastIndex = parser.at
  const found = pattern.exec(parser.text)?.[0]
  if (found) parser.at += found.length
  return found || undefined
}

function skipBlanks(parser: JsonPathParser): void {
  take(parser, /\s+/y)
}

function expect(parser: JsonPathParser, mark: string): void {
  skipBlanks(parser)
  if (parser.text[parser.at] !== mark) throw fail(parser, `expected ${mark}`)
  parser.at++
}

function fail(parser: JsonPathParser, what: string): SyntaxError {
  return new SyntaxError(`${what} at character ${parser.at + 1}`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null
}

function has(value: unknown, key: string): value is Record<string, unknown> {
  return isRecord(value) && Object.hasOwn(value, key)
}
