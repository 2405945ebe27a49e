import { computed } from "@preact/signals"
import { localOffsetMs, zoneSuffix } from "../../../model/time.ts"
import { source } from "../capture.ts"
import { stored } from "./stored.ts"

/** Whose clock times are shown in: the browser's, UTC, or that of the machine that reads the capture. */
export type Zone = "local" | "UTC" | "source"

export const zone = stored<Zone>("cnitap.zone", ["local", "UTC", "source"])

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
  const ofSource = each === "source" ? source.value?.utcOffsetMs : undefined
  return ofSource ?? localOffsetMs(wallMs)
}
