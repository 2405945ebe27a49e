import { instant } from "./time.ts"

/** What to do about a capture without a call. */
export const HOW_TO_RECORD =
  "Run `cnitap install --for 1h`, and start a pod on this node meanwhile; `cnitap status` shows which plugins are recorded."

/** What to do while an install records. */
export const HOW_TO_SEE_A_CALL = "Start a pod on this node; `cnitap status` shows which plugins are recorded."

/** The sentence about a capture without a call, with the time in which an install recorded into it. */
export function nothingRecorded(
  capture: string,
  { installedMs, untilMs }: { installedMs: number; untilMs?: number },
): string {
  const period =
    untilMs === undefined ? `since ${instant(installedMs)}` : `between ${instant(installedMs)} and ${instant(untilMs)}`
  return `nothing was recorded in ${capture} ${period}: no recorded plugin was called`
}
