import { computed, effect, signal } from "@preact/signals"
import { zoneSuffix } from "../../model/time.ts"
import { source } from "./capture.ts"

/** Whose clock times are shown in: the browser's, UTC, or that of the machine that reads the capture. */
export type Zone = "local" | "UTC" | "source"

const KEY = "cnitap.zone"

export const zone = signal<Zone>(storedZone())

effect(() => {
  try {
    localStorage.setItem(KEY, zone.value)
  } catch {
    // A file opened from disk may have no storage: the choice is lost when the page is closed.
  }
})

/** What a clock in the chosen zone is ahead of UTC at that time, in milliseconds. */
export function offsetMs(wallMs: number): number {
  return offsetIn(zone.value, wallMs)
}

/** The zones that differ at present, with their labels. */
export const zones = computed((): { zone: Zone; label: string }[] => {
  const nowMs = Date.now()
  const labels = [
    { zone: "local" as const, label: `${labelIn("local", nowMs)}, local` },
    { zone: "UTC" as const, label: "UTC" },
    { zone: "source" as const, label: `${labelIn("source", nowMs)}, ${source.value?.host ?? ""}` },
  ]
  return labels.filter(
    ({ zone: each }, at) =>
      each === zone.value || labels.findIndex((other) => offsetIn(other.zone, nowMs) === offsetIn(each, nowMs)) === at,
  )
})

/** `UTC+9`: the chosen zone at that time. */
export function zoneLabel(wallMs: number): string {
  return labelIn(zone.value, wallMs)
}

function labelIn(each: Zone, wallMs: number): string {
  const suffix = zoneSuffix(offsetIn(each, wallMs))
  return suffix === "Z" ? "UTC" : `UTC${suffix.replace(/^(.)0?(\d+):00$/, "$1$2")}`
}

function offsetIn(each: Zone, wallMs: number): number {
  if (each === "UTC") return 0
  const local = -new Date(wallMs).getTimezoneOffset() * 60_000
  return each === "source" ? (source.value?.utcOffsetMs ?? local) : local
}

function storedZone(): Zone {
  try {
    const stored = localStorage.getItem(KEY)
    return stored === "UTC" || stored === "source" ? stored : "local"
  } catch {
    return "local"
  }
}
