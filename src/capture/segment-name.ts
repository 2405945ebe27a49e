/** A capture starts a new segment every hour (UTC). */
export const SEGMENT_INTERVAL_MS = 3_600_000

/** Every `0` is a digit: year, month, day, `T`, hour. */
const PATTERN = "calls-00000000T00.jsonl"
const INDEX_SUFFIX = ".index"
const CHECKS_SUFFIX = ".checks"

/**
 * The segment that holds records of a point in time (milliseconds since 1970), such as `calls-20261124T15.jsonl`. The
 * name depends on the time alone, so that no writer ever renames a file that another one has open.
 */
export function segmentName(wallMs: number): string {
  const hours = Math.floor(wallMs / SEGMENT_INTERVAL_MS)
  const { year, month, day } = civil(Math.floor(hours / 24))
  return `calls-${year}${two(month)}${two(day)}T${two(hours % 24)}.jsonl`
}

/** Compared by character: the relay's engine has no regular expressions. */
export function isSegmentName(name: string): boolean {
  if (name.length !== PATTERN.length) return false
  for (let at = 0; at < PATTERN.length; at++) {
    const expected = PATTERN.charAt(at)
    if (expected === "0" ? !isDigit(name.charAt(at)) : name.charAt(at) !== expected) return false
  }
  return true
}

/** Start of a segment's hour, milliseconds since 1970; undefined if the name is not a segment's. */
export function segmentStartMs(name: string): number | undefined {
  if (!isSegmentName(name)) return undefined
  const number = (from: number, to: number) => Number(name.slice(from, to))
  return Date.UTC(number(6, 10), number(10, 12) - 1, number(12, 14), number(15, 17))
}

/** The index that readers keep beside a segment, hidden: `.calls-20261124T15.jsonl.index`. */
export function indexName(segment: string): string {
  return `.${segment}${INDEX_SUFFIX}`
}

/** The checks of a segment's operations, which `serve` keeps beside it: `.calls-20261124T15.jsonl.checks`. */
export function checksName(segment: string): string {
  return `.${segment}${CHECKS_SUFFIX}`
}

/** The segment of an index or of checks, or of an unfinished file (`.index.<pid>`); undefined if the file is neither. */
export function indexedSegment(fileName: string): string | undefined {
  const segment = fileName.slice(1, 1 + PATTERN.length)
  if (!isSegmentName(segment)) return undefined
  for (const name of [indexName(segment), checksName(segment)]) {
    if (!fileName.startsWith(name)) continue
    const rest = fileName.slice(name.length)
    const isUnfinished = rest.length > 1 && rest.startsWith(".") && [...rest.slice(1)].every(isDigit)
    if (rest === "" || isUnfinished) return segment
  }
  return undefined
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9"
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

/**
 * Days since 1970 to a date in the proleptic Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms", civil_from_days). The relay's engine has no Date: setting it up would take 0.1 ms of every call.
 */
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
