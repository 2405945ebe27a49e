import { parseJson } from "../cni/json.ts"

/** Longer texts are not cached. */
const MAX_CHARACTERS = 64 * 1024
/** Enough for the payloads of one operation and the configurations that every pod gets. */
const MAX_TEXTS = 64

const known = new Map<string, unknown>()

/**
 * Parses JSON; undefined if the text is not JSON or is nested too deep. Recent results are cached, because every reader of an operation parses the
 * same few payloads. Callers share the value and must not modify it.
 */
export function parseJsonCached(text: string): unknown {
  if (text === "") return undefined
  if (text.length > MAX_CHARACTERS) return parseJson(text)
  const value = known.get(text)
  if (value !== undefined || known.has(text)) return value
  const [oldest] = known.size < MAX_TEXTS ? [] : known.keys()
  if (oldest !== undefined) known.delete(oldest)
  const fresh = parseJson(text)
  known.set(text, fresh)
  return fresh
}
