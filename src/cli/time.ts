import { Fault } from "../fault/fault.ts"

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

/** How long ago, in kubectl's manner: two units while the first is small. */
export function age(thenMs: number, nowMs: number): string {
  const seconds = Math.floor((nowMs - thenMs) / 1000)
  if (seconds < 0) return seconds < -1 ? "in future" : "0s"
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return `${minutes}m${seconds % 60 ? `${seconds % 60}s` : ""}`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return `${hours}h${minutes % 60 ? `${minutes % 60}m` : ""}`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  return days < 8 && hours % 24 ? `${days}d${hours % 24}h` : `${days}d`
}

/** A duration with its unit, three digits that count. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return ""
  if (ms >= 120_000) return age(0, ms)
  if (ms >= 1000) return `${trim(ms / 1000)}s`
  return ms >= 0.1 || ms === 0 ? `${trim(ms)}ms` : `${Math.round(ms * 1000)}µs`
}

function trim(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
