/** Whether a parsed value is a JSON object, not an array or null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/**
 * More levels than any configuration or result has. Go's encoding/json reads 10,000, but a walk over that many, or
 * `JSON.stringify`, exceeds the stack.
 */
export const MAX_JSON_DEPTH = 64

/** Parses JSON that others wrote; undefined if the text is not JSON, or is nested deeper than `MAX_JSON_DEPTH`. */
export function parseJson(text: string): unknown {
  try {
    return tooDeepAt(text) === undefined ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}

/**
 * Where a text has more than `MAX_JSON_DEPTH` open brackets; undefined if nowhere. Counts in the text: a walk over the
 * parsed value takes several times as long as parsing it.
 */
export function tooDeepAt(text: string): number | undefined {
  if (text.length <= 2 * MAX_JSON_DEPTH) return undefined
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at)
        break
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > MAX_JSON_DEPTH) return at
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth--
    }
  }
  return undefined
}

/** The closing quote of the string that begins here; the end of the text if the string does not end. */
function endOfString(text: string, start: number): number {
  for (let at = start; ; ) {
    at = text.indexOf('"', at + 1)
    if (at === -1) return text.length
    let backslashes = 0
    while (text.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return at
  }
}
