import { Fault } from "../fault/fault.ts"

export { age, duration } from "../model/wording.ts"

const UNITS_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `250ms`, `1.5s`, `2h30m`: milliseconds; undefined where the text is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined
  let total = 0
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(value) * (UNITS_MS[unit ?? ""] ?? 0)
  return total
}

/** A point in time: `10m` ago, or a date as ISO 8601 has it. Milliseconds since 1970. */
export function parseTime(text: string, nowMs: number, flag: string): number {
  const ago = parseDuration(text)
  if (ago !== undefined) return nowMs - ago
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(date)) {
    throw new Fault(
      "USAGE",
      `${flag} ${text} is neither a duration nor a date`,
      `Write ${flag} 10m or ${flag} 2026-09-21T03:00:00Z.`,
    )
  }
  return date
}
