import { Fault } from "../../fault/fault.ts"
import { parseInstant } from "../../model/time.ts"

export { age, duration } from "../../model/format.ts"

/** What a flag says of time: `10m` ago, or a date as ISO 8601 has it. Milliseconds since 1970. */
export function parseTime(text: string, nowMs: number, flag: string): number {
  const instant = parseInstant(text, nowMs)
  if (instant !== undefined) return instant
  throw new Fault(
    "USAGE",
    `${flag} ${text} is neither a duration nor a date`,
    `Write ${flag} 10m or ${flag} 2026-09-21T03:00:00Z.`,
  )
}
