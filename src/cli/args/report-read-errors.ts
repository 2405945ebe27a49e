import type { LossRecord } from "../../capture/record.ts"
import { Fault } from "../../fault/fault.ts"
import { fieldsOf } from "../../model/filter/match.ts"
import { lossesDuring, lossSummary } from "../../model/losses.ts"
import type { Capture } from "../../store/capture/capture.ts"
import { holdRecords } from "../../store/capture/records.ts"
import type { Context } from "../context.ts"
import { installPeriod } from "../node/known-installs.ts"
import { repeatFlags } from "../render/command-text.ts"
import { visible } from "../terminal/colour.ts"
import { HOW_TO_RECORD, HOW_TO_SEE_A_CALL, nothingRecorded } from "./nothing-recorded.ts"
import type { Selection } from "./selection.ts"

/**
 * Reports on stderr why nothing was found, what was not recorded, and lines that could not be read. If no line could be read,
 * because of their format, that is a fault.
 */
export async function reportReadErrors(
  context: Context,
  {
    readErrors,
    capture,
    options = {},
    filter,
    range = {},
  }: Pick<Selection, "readErrors" | "capture"> & Partial<Pick<Selection, "options" | "filter" | "range">>,
  found: number,
): Promise<void> {
  if (found === 0 && filter && fieldsOf(filter).length > 0)
    await (await import("./nothing-found.ts")).explainNothingFound(context, { capture, filter })
  if (found === 0) await explainEmptyCapture(context, capture, options)
  if (capture.truncatedBy !== undefined)
    context.stderr.write(
      `cnitap: ${capture.path} is truncated (${capture.truncatedBy}): only its beginning was read. Copy it again.\n`,
    )
  for (const text of lossSummary(lossesIn({ readErrors, range }))) context.stderr.write(`cnitap: ${visible(text)}\n`)
  const counts = readErrors.list()
  if (counts.length === 0) return
  // If nothing matched the filter, other records may still be readable.
  const isUnreadable = found === 0 && !(await holdRecords(await capture.segments()))
  const newer = counts.find(({ kind }) => kind === "newer")
  if (isUnreadable && newer) {
    throw new Fault("FORMAT_NEWER", `${capture.path} has a newer format (${newer.first})`, "Use a newer cnitap.")
  }
  if (isUnreadable && counts.every(({ kind }) => kind === "foreign")) {
    throw new Fault(
      "CAPTURE_FOREIGN",
      `${capture.path} contains no record (${counts[0]?.first})`,
      "Pass a capture directory with --capture.",
    )
  }
  for (const { kind, lines, first } of counts) {
    context.stderr.write(
      `cnitap: ${lines} ${lines === 1 ? "line" : "lines"} not read: ${WORDS[kind]}, first at ${first}\n`,
    )
  }
}

/** What observers did not record in the time range, as far as the capture has been read. */
export function lossesIn({ readErrors, range }: Pick<Selection, "readErrors" | "range">): LossRecord[] {
  const [fromMs, toMs] = [range.sinceMs ?? Number.NEGATIVE_INFINITY, range.untilMs ?? Number.POSITIVE_INFINITY]
  return lossesDuring(readErrors.losses(), { fromMs, toMs })
}

/** If an install writes this capture, and has not recorded a call yet. */
async function explainEmptyCapture(
  { stderr, nowMs }: Context,
  capture: Capture,
  options: Selection["options"],
): Promise<void> {
  if (!capture.isLive || (await capture.segments()).length > 0) return
  for (const { path, root } of capture.parts ?? [capture]) {
    const { installedMs, untilMs } = await installPeriod(path, root)
    if (installedMs === undefined) continue
    const period = untilMs !== undefined && untilMs < nowMs() ? { installedMs, untilMs } : { installedMs }
    const hint = "untilMs" in period ? HOW_TO_RECORD : HOW_TO_SEE_A_CALL
    stderr.write(`cnitap: ${nothingRecorded(path, period)}. ${repeatFlags(hint, options)}\n`)
  }
}

const WORDS = {
  torn: "torn (a killed or full-disk write)",
  newer: "of a newer format (read them with a newer cnitap)",
  unknown: "of an unknown kind",
  foreign: "not a record",
  malformed: "with members of the wrong type (not written by a relay)",
  oversize: "too long to be a record",
  orphan: "the end of a call whose beginning is not in the capture (pruned)",
}
