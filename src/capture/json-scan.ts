/** A string, number, literal or whole container in JSON text: half-open range of character positions. */
export type JsonNode = { from: number; to: number; path: string[]; kind: "string" | "scalar" | "object" | "array" }

const QUOTE = 34
const BACKSLASH = 92

/**
 * Visits every value of JSON text with its position, duplicates included, without building it: positions are what a
 * byte-exact edit needs. Tolerates a document cut off anywhere and several documents in a row. Strings are hopped
 * over by native indexOf, because a 256 KiB annotation must not be walked character by character.
 * A visitor that returns false for a container skips its content. A container's `to` is -1 when it is opened.
 */
export function scanJson(
  text: string,
  visit: (node: JsonNode) => boolean | undefined,
  close?: (node: JsonNode) => void,
): void {
  const open: { node: JsonNode; index: number; key: string | undefined; silent: boolean }[] = []
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    const top = open[open.length - 1]
    if (code === QUOTE) {
      const to = stringEnd(text, at)
      if (top?.node.kind === "object" && top.key === undefined) top.key = unquote(text.slice(at, to))
      else emit({ from: at, to, path: [], kind: "string" })
      at = to
    } else if (code === 123 || code === 91) {
      const node: JsonNode = { from: at, to: -1, path: [], kind: code === 123 ? "object" : "array" }
      const silent = emit(node) === false || top?.silent === true
      open.push({ node, index: 0, key: undefined, silent })
      at++
    } else if (code === 125 || code === 93) {
      const closed = open.pop()
      at++
      if (closed) {
        closed.node.to = at
        close?.(closed.node)
      }
    } else if (code === 44) {
      if (top) {
        top.key = undefined
        top.index++
      }
      at++
    } else if (code === 58 || code <= 32) at++
    else {
      const from = at
      while (at < text.length && !isBoundary(text.charCodeAt(at))) at++
      emit({ from, to: at, path: [], kind: "scalar" })
    }
  }

  function emit(node: JsonNode): boolean | undefined {
    const top = open[open.length - 1]
    if (top?.silent) return undefined
    for (const level of open) node.path.push(level.key ?? String(level.index))
    return visit(node)
  }
}

/** Position after the closing quote, or the end of the text where the string was cut off. */
function stringEnd(text: string, from: number): number {
  let at = from + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return text.length
    let slashes = quote - 1
    while (text.charCodeAt(slashes) === BACKSLASH) slashes--
    if ((quote - 1 - slashes) % 2 === 0) return quote + 1
    at = quote + 1
  }
}

function unquote(literal: string): string {
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
