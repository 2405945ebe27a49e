/** Of longer texts none is kept. */
const LONGEST_CHARACTERS = 64 * 1024
/** The payloads of one operation, and configurations that every pod is given. */
const MOST_TEXTS = 64

const known = new Map<string, unknown>()

/**
 * The value of JSON text, undefined where it is none. Every reader of an operation asks for the same few payloads: who
 * asks again gets the same value, which is therefore not to be changed.
 */
export function parseJsonCached(text: string): unknown {
  if (text === "") return undefined
  if (text.length > LONGEST_CHARACTERS) return parse(text)
  const value = known.get(text)
  if (value !== undefined || known.has(text)) return value
  const [oldest] = known.size < MOST_TEXTS ? [] : known.keys()
  if (oldest !== undefined) known.delete(oldest)
  const fresh = parse(text)
  known.set(text, fresh)
  return fresh
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
