import { Fault } from "../../fault/fault.ts"
import { parseInstant } from "../../model/time.ts"

/** The value of a flag that is a time, in milliseconds since 1970. */
export function parseTime(text: string, nowMs: number, flag: string): number {
  const instant = parseInstant(text, nowMs)
  if (instant !== undefined) return instant
  throw new Fault(
    "USAGE",
    `${flag} ${text} is neither a duration nor a date`,
    `Write ${flag} 10m or ${flag} 2026-09-21T03:00:00Z.`,
  )
}

/** "2026-11-28 23:07 UTC" */
export function instant(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 16).replace("T", " ")} UTC`
}
