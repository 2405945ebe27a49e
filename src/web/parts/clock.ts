/** Time of day with milliseconds, in the browser's time zone; with the date if it is not today. */
export function timeOfDay(wallMs: number, nowMs: number): string {
  const date = new Date(wallMs)
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`
  return date.toDateString() === new Date(nowMs).toDateString()
    ? time
    : `${MONTHS[date.getMonth()]} ${date.getDate()} ${time.slice(0, 8)}`
}

/** Day and time to the minute, in the browser's time zone. */
export function dateAndTime(wallMs: number): string {
  const date = new Date(wallMs)
  return `${MONTHS[date.getMonth()]} ${date.getDate()} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** Exact, for a title: ISO 8601 in UTC. */
export function exactTime(wallMs: number): string {
  return new Date(wallMs).toISOString()
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

function two(value: number): string {
  return String(value).padStart(2, "0")
}
