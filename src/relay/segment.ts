import type { Host } from "./host.ts"

const PREFIX = "calls-"
const SUFFIX = ".jsonl"

/** Segments are named by hour (UTC), so that no writer ever renames a file another one has open. */
export function segmentName(wallMs: number): string {
  const hours = Math.floor(wallMs / 3_600_000)
  const { year, month, day } = civil(Math.floor(hours / 24))
  return `${PREFIX}${year}${two(month)}${two(day)}T${two(hours % 24)}${SUFFIX}`
}

/** Removes the oldest segments until the others fit; the one just created stays. */
export function prune(host: Pick<Host, "list" | "remove">, directory: string, capBytes: number, current: string): void {
  const segments = host.list(directory).filter(({ name }) => name.startsWith(PREFIX) && name.endsWith(SUFFIX))
  let total = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  for (const { name, sizeBytes } of segments.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (total <= capBytes || name === current) return
    host.remove(directory, name)
    total -= sizeBytes
  }
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

/** Days since 1970 to a date in the proleptic Gregorian calendar. The engine's Date would cost a millisecond's tenth to set up. */
function civil(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const doe = z - era * 146_097
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365)
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100))
  const mp = Math.floor((5 * doy + 2) / 153)
  const month = mp < 10 ? mp + 3 : mp - 9
  return { year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day: doy - Math.floor((153 * mp + 2) / 5) + 1 }
}
