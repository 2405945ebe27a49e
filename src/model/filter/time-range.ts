import { zoneSuffix } from "../time.ts"
import { bracketed } from "./bracketed.ts"
import type { Filter, Test } from "./filter.ts"
import { parseFilter } from "./parse.ts"

/** From `sinceMs` to `untilMs`, both included, in milliseconds since 1970. A missing end is unlimited. */
export type TimeRange = { sinceMs?: number; untilMs?: number }

/** The limits that hold for everything that the filter matches; none if the text has an error. */
export function timeRangeOf(text: string, nowMs: number): TimeRange {
  const limits = timeLimits(text, nowMs)
  const numbersOf = (...operators: string[]) =>
    limits.flatMap(({ operator, values: [value] }) =>
      operators.includes(operator) && value?.kind === "number" ? [value.number] : [],
    )
  const since = numbersOf(">=", ">")
  const until = numbersOf("<=", "<")
  return {
    ...(since.length > 0 ? { sinceMs: Math.max(...since) } : {}),
    ...(until.length > 0 ? { untilMs: Math.min(...until) } : {}),
  }
}

/** The filter with these limits instead of its own. `format` writes a time so that it can be read again. */
export function withTimeRange(
  text: string,
  { sinceMs, untilMs }: TimeRange,
  format: (ms: number) => string,
  nowMs: number,
): string {
  const since = sinceMs === undefined ? "" : `since=${format(sinceMs)}`
  const until = untilMs === undefined ? "" : `until=${format(untilMs)}`
  const rest = withoutTimeRange(text, nowMs)
  return [since || until ? bracketed(rest) : rest, since, until].filter(Boolean).join(" and ")
}

/**
 * Times without a zone get the zone in which the reader sees times, so that the filter means the same for everyone:
 * `since=2026-09-21T03:00` becomes `since=2026-09-21T03:00+09:00`, and `since=today` the start of the reader's day.
 * `offsetAt`: how far the reader's clock is ahead of UTC at a time.
 */
export function withZone(text: string, offsetAt: (utcMs: number) => number, nowMs: number): string {
  return text.replace(TIME_WITHOUT_ZONE, (found, word?: string, day?: string, hours = "T00:00") => {
    if (word !== undefined)
      return `${found.slice(0, -word.length)}${dayText(word, offsetAt(nowMs), nowMs)}T00:00${zoneSuffix(offsetAt(nowMs))}`
    if (day === undefined) return found
    const utcMs = Date.parse(`${day}${hours}Z`)
    return Number.isNaN(utcMs) ? found : `${found}${found.endsWith(hours) ? "" : hours}${zoneSuffix(offsetAt(utcMs))}`
  })
}

const DAY_MS = 86_400_000

/** The date of `today` or `yesterday`, as shown by a clock that is ahead of UTC. */
function dayText(word: string, offsetMs: number, nowMs: number): string {
  const daysAgo = word.toLowerCase() === "yesterday" ? 1 : 0
  return new Date(nowMs + offsetMs - daysAgo * DAY_MS).toISOString().slice(0, 10)
}

/** A time without a zone; or a quoted text, which may look like one and stays as it is. */
const TIME_WITHOUT_ZONE = new RegExp(
  [
    /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/,
    /\b(?:since|until|time)(?:\s*(?:[<>]=?|=)\s*)(today|yesterday)\b/,
    /\b(?:since|until|time)(?:\s*(?:[<>]=?|=)\s*)(\d{4}-\d\d-\d\d)(T[\d:.]+)?(?![\w:.+-])/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gi",
)

function withoutTimeRange(text: string, nowMs: number): string {
  let rest = text.trim()
  for (let [limit] = timeLimits(rest, nowMs); limit?.place; [limit] = timeLimits(rest, nowMs)) {
    const { column, length } = limit.place
    const before = rest.slice(0, column - 1).trimEnd()
    const after = rest.slice(column - 1 + length).trimStart()
    const cut = before ? `${before.replace(/\band$/i, "")}${after}` : after.replace(/^and\b\s*/i, "")
    // The limit is alone in its brackets, which would be empty without it.
    if (cut.trim() !== "" && !parseFilter(cut, nowMs).ok) break
    rest = cut.trim()
  }
  return rest
}

function timeLimits(text: string, nowMs: number): Test[] {
  const parsed = parseFilter(text, nowMs)
  if (!parsed.ok) return []
  const parts: Filter[] = parsed.filter.kind === "and" ? parsed.filter.parts : [parsed.filter]
  return parts.filter((part): part is Test => part.kind === "test" && part.field === "time")
}
