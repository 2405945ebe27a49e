/** A key, string, number, literal or container in JSON text: a half-open range of character positions. */
export class JsonNode {
  readonly from: number
  /** -1 while a container is open */
  to: number
  readonly kind: "key" | "string" | "scalar" | "object" | "array"
  readonly parent: JsonNode | undefined
  /** its own key, or its index in an array; undefined at the top */
  readonly step: string | undefined
  /** the nearest key above: for an item, the key of its array */
  readonly key: string
  /** 0 at the top */
  readonly depth: number

  constructor(
    from: number,
    to: number,
    kind: JsonNode["kind"],
    parent: JsonNode | undefined,
    step: string | undefined,
    key: string,
  ) {
    this.from = from
    this.to = to
    this.kind = kind
    this.parent = parent
    this.step = step
    this.key = key
    this.depth = parent ? parent.depth + 1 : 0
  }

  /** Computed on demand: a document nested 100,000 levels deep must not take quadratic time. */
  get path(): string[] {
    const steps: string[] = []
    for (let node: JsonNode | undefined = this; node?.step !== undefined; node = node.parent) steps.push(node.step)
    return steps.reverse()
  }
}

type Expected = "key or close" | "colon" | "value" | "comma or close"
type Level = { node: JsonNode; index: number; key: string | undefined; silent: boolean; expected: Expected }

const QUOTE = 34
const BACKSLASH = 92

/**
 * Visits every key and value of JSON text with its position, duplicates included, without building objects: a
 * byte-exact edit needs positions. Accepts a document that is cut off anywhere, and several documents in a row.
 * Strings are skipped with native indexOf, because a 256 KiB annotation must not be walked character by character.
 * A visitor that returns false for a container skips its content. A container's `to` is -1 while it is open. `goesOn` is
 * called before each token: if it returns false, the rest is not read, and neither is text that is not JSON.
 * Returns whether the text is JSON up to its end; if it is not, values may have been reported as keys.
 */
export function scanJson(
  text: string,
  visit: (node: JsonNode) => boolean | undefined,
  close?: (node: JsonNode) => void,
  goesOn?: () => boolean,
): boolean {
  const open: Level[] = []
  let isJson = true
  let at = 0
  while (at < text.length) {
    if (goesOn && !(isJson && goesOn())) break
    const code = text.charCodeAt(at)
    const top = open[open.length - 1]
    if (code === QUOTE) {
      const to = stringEnd(text, at)
      if (top?.node.kind === "object" && top.expected === "key or close") {
        top.key = unquoted(text.slice(at, to))
        if (!top.silent) visit(new JsonNode(at, to, "key", top.node, top.key, top.key))
        top.expected = "colon"
      } else emit(at, to, "string")
      at = to
    } else if (code === 123 || code === 91) {
      const isObject = code === 123
      const { node, isSkipped } = emit(at, -1, isObject ? "object" : "array")
      const expected = isObject ? "key or close" : "value"
      open.push({ node, index: 0, key: undefined, silent: isSkipped, expected })
      at++
    } else if (code === 125 || code === 93) {
      const closed = open.pop()
      at++
      isJson &&= closed !== undefined && (closed.node.kind === "object") === (code === 125) && mayClose(closed)
      if (closed) {
        closed.node.to = at
        close?.(closed.node)
      }
    } else if (code === 44) {
      isJson &&= top?.expected === "comma or close"
      if (top) {
        top.index++
        top.expected = top.node.kind === "object" ? "key or close" : "value"
      }
      at++
    } else if (code === 58) {
      isJson &&= top?.expected === "colon"
      if (top) top.expected = "value"
      at++
    } else if (code <= 32) at++
    else {
      const from = at
      while (at < text.length && !isBoundary(text.charCodeAt(at))) at++
      isJson &&= isScalar(text.slice(from, at), at === text.length)
      emit(from, at, "scalar")
    }
  }
  return isJson

  function emit(from: number, to: number, kind: JsonNode["kind"]): { node: JsonNode; isSkipped: boolean } {
    const top = open[open.length - 1]
    const step = top && (top.node.kind === "array" ? String(top.index) : (top.key ?? ""))
    const key = top?.node.kind === "object" ? (top.key ?? "") : (top?.node.key ?? "")
    const node = new JsonNode(from, to, kind, top?.node, step, key)
    if (top) {
      isJson &&= top.expected === "value"
      top.expected = "comma or close"
    } else isJson &&= kind === "object" || kind === "array"
    return { node, isSkipped: top?.silent === true || visit(node) === false }
  }
}

function mayClose({ node, expected, index }: Level): boolean {
  return (
    expected === "comma or close" || (index === 0 && expected === (node.kind === "object" ? "key or close" : "value"))
  )
}

function isScalar(literal: string, isCut: boolean): boolean {
  for (const name of ["true", "false", "null"]) if (literal === name || (isCut && name.startsWith(literal))) return true
  const code = literal.charCodeAt(0)
  return code === 45 || (code >= 48 && code <= 57)
}

/** Position after the closing quote of the string that opens at `from`; the end of the text if it is cut off. */
export function stringEnd(text: string, from: number): number {
  let at = from + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return text.length
    let slashes = quote - 1
    while (slashes >= at && text.charCodeAt(slashes) === BACKSLASH) slashes--
    if ((quote - 1 - slashes) % 2 === 0) return quote + 1
    at = quote + 1
  }
}

/** The value of a string literal. */
export function unquoted(literal: string): string {
  const content = literal.slice(1, literal.length > 1 && literal.endsWith('"') ? -1 : undefined)
  if (!content.includes("\\")) return content
  try {
    return String(JSON.parse(literal))
  } catch {
    return literal.slice(1)
  }
}

function isBoundary(code: number): boolean {
  return (
    code <= 32 ||
    code === 44 ||
    code === 58 ||
    code === 34 ||
    code === 91 ||
    code === 93 ||
    code === 123 ||
    code === 125
  )
}
