const UNITS_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  µs: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `250ms`, `1.5s`, `2h30m`: milliseconds; undefined where the text is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:us|µs|ms|s|m|h|d))+$/.test(text)) return undefined
  let total = 0
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(us|µs|ms|s|m|h|d)/g))
    total += Number(value) * (UNITS_MS[unit ?? ""] ?? 0)
  return total
}

/**
 * `10m` (ago) or a date as ISO 8601 has it, in UTC unless it says a zone, as everything is shown: milliseconds since
 * 1970; undefined where the text is neither.
 */
export function parseInstant(text: string, nowMs: number): number | undefined {
  const ago = parseDuration(text)
  if (ago !== undefined) return nowMs - ago
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text.replace(/(T[\d:.]+)$/, "$1Z")) : Number.NaN
  return Number.isNaN(date) ? undefined : date
}
