import { parseJson } from "../cni/json.ts"

/** Longer texts have a cache of their own, because their values take memory. */
const MAX_CHARACTERS = 64 * 1024
/** Enough for the payloads of one operation and the configurations that every pod gets. */
const short: Cache = { values: new Map(), size: 64 }
/** stdin and stdout of one call */
const long: Cache = { values: new Map(), size: 2 }

type Cache = { values: Map<string, unknown>; size: number }

/**
 * Parses JSON; undefined if the text is not JSON or is nested too deep. Recent results are cached, because every reader of
 * an operation parses the same few payloads. Callers share the value and must not modify it.
 */
export function parseJsonCached(text: string): unknown {
  if (text === "") return undefined
  const { values, size } = text.length > MAX_CHARACTERS ? long : short
  const value = values.get(text)
  if (value !== undefined || values.has(text)) return value
  const [oldest] = values.size < size ? [] : values.keys()
  if (oldest !== undefined) values.delete(oldest)
  const fresh = parseJson(text)
  values.set(text, fresh)
  return fresh
}
