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
    const value: unknown = JSON.parse(text)
    return text.length > 2 * MAX_JSON_DEPTH && isDeep(value) ? undefined : value
  } catch {
    return undefined
  }
}

/** Level by level, because recursion would exceed the stack too. */
function isDeep(value: unknown): boolean {
  let level = [value]
  for (let depth = 0; depth <= MAX_JSON_DEPTH; depth++) {
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []))
    if (level.length === 0) return false
  }
  return true
}
