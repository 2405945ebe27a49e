const UNITS_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  µs: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Milliseconds of `250ms`, `1.5s` or `2h30m`; undefined if the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:us|µs|ms|s|m|h|d))+$/.test(text)) return undefined
  let total = 0
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(us|µs|ms|s|m|h|d)/g))
    total += Number(value) * (UNITS_MS[unit ?? ""] ?? 0)
  return total
}

/**
 * Milliseconds since 1970 of `10m` (ago) or of an ISO 8601 date, which is in UTC unless it has a zone; undefined if the text
 * is neither.
 */
export function parseInstant(text: string, nowMs: number): number | undefined {
  const ago = parseDuration(text)
  if (ago !== undefined) return nowMs - ago
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text.replace(/(T[\d:.]+)$/, "$1Z")) : Number.NaN
  return Number.isNaN(date) ? undefined : date
}
