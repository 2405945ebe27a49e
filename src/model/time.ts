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

const DAY_MS = 86_400_000

/**
 * Milliseconds since 1970 of `10m` or `10m ago`, of `now`, `today` or `yesterday` (when that day began, as in journalctl),
 * or of an ISO 8601 date; days and dates are in UTC unless they have a zone. Undefined if the text is none of these.
 */
export function parseInstant(text: string, nowMs: number): number | undefined {
  const ago = parseDuration(text.replace(/\s*ago$/, ""))
  if (ago !== undefined) return nowMs - ago
  if (text === "now") return nowMs
  const todayMs = Math.floor(nowMs / DAY_MS) * DAY_MS
  if (text === "today") return todayMs
  if (text === "yesterday") return todayMs - DAY_MS
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text.replace(/(T[\d:.]+)$/, "$1Z")) : Number.NaN
  return Number.isNaN(date) ? undefined : date
}

/** How far the clock of this process or browser is ahead of UTC at that time. */
export function localOffsetMs(wallMs: number): number {
  return -new Date(wallMs).getTimezoneOffset() * 60_000
}

/** ISO 8601 with milliseconds, as shown by clocks that are `offsetMs` ahead of UTC: `2026-09-21T12:00:00.000+09:00`. */
export function instantText(wallMs: number, offsetMs: number): string {
  return `${new Date(wallMs + offsetMs).toISOString().slice(0, -1)}${zoneSuffix(offsetMs)}`
}

/** `Z`, `+09:00` */
export function zoneSuffix(offsetMs: number): string {
  if (offsetMs === 0) return "Z"
  const minutes = Math.abs(Math.round(offsetMs / 60_000))
  const two = (value: number) => String(value).padStart(2, "0")
  return `${offsetMs < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
