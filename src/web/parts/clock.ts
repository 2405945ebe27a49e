import { instantText } from "../../model/time.ts"
import { offsetMs } from "../state/preferences/time-zone.ts"

/** Time of day with milliseconds, in the chosen zone; with the date if it is not today. */
export function timeOfDay(wallMs: number, nowMs: number): string {
  const date = inZone(wallMs)
  const time = date.toISOString().slice(11, 23)
  return isSameDay(wallMs, nowMs) ? time : `${dayOf(date)} ${time}`
}

export function isSameDay(aMs: number, bMs: number): boolean {
  return inZone(aMs).toISOString().slice(0, 10) === inZone(bMs).toISOString().slice(0, 10)
}

/** Day and time to the minute, in the chosen zone. */
export function dateAndTime(wallMs: number): string {
  const date = inZone(wallMs)
  return `${dayOf(date)} ${date.toISOString().slice(11, 16)}`
}

/** Exact, for a title: ISO 8601 with the offset of the chosen zone. */
export function exactTime(wallMs: number): string {
  return instantText(wallMs, offsetMs(wallMs))
}

/** Label of a tick: as exact as the distance to the next one requires; the day where it begins. */
export function tickText(wallMs: number, stepMs: number): string {
  const date = inZone(wallMs)
  const time = date.toISOString().slice(11, 23)
  if (time === "00:00:00.000") return dayOf(date)
  if (stepMs >= 60_000) return time.slice(0, 5)
  return stepMs >= 1_000 ? time.slice(0, 8) : time.slice(6)
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

function dayOf(date: Date): string {
  return `${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()}`
}

/** A date whose fields in UTC are those of the chosen zone. */
function inZone(wallMs: number): Date {
  return new Date(wallMs + offsetMs(wallMs))
}
