import { type Losses, type LossRecord, NOTHING_LOST } from "../capture/record.ts"
import type { Operation } from "./operation.ts"

/** What was not recorded, one sentence for each kind; empty if nothing was lost. */
export function lossTexts({ calls, ends, pieces, misses, records }: Losses): string[] {
  const because = "because the kernel's buffer was full"
  return [
    ...(calls > 0 ? [`${counted(calls, "call was", "calls were")} not recorded, ${because}`] : []),
    ...(ends > 0 ? [`the end of ${counted(ends, "call", "calls")} was not recorded, ${because}`] : []),
    ...(pieces > 0
      ? [
          `${counted(pieces, "piece of a stream was", "pieces of streams were")} lost, ${because}: ${pieces === 1 ? "its call is" : "their calls are"} marked`,
        ]
      : []),
    ...(misses > 0
      ? [
          `${counted(misses, "event was", "events were")} not seen, because a process was preempted in the observer's program: calls in flight are marked, and calls may be missing`,
        ]
      : []),
    ...(records > 0 ? [`${counted(records, "record", "records")} could not be written`] : []),
  ]
}

function counted(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`
}

/** What is missing in a capture, and when, one sentence each; empty if nothing was lost. */
export function lossSummary(losses: readonly LossRecord[]): string[] {
  const lost = losses.filter(({ reason }) => reason !== "stopped")
  const stopped = losses.filter(({ reason }) => reason === "stopped")
  return [
    ...lossTexts(sumOf(lost)).map((text) => `${text}; ${periodOf(lost)}`),
    ...(stopped.length > 0 ? [`${stoppedText(stopped)}; ${periodOf(stopped)}`] : []),
  ]
}

/** Those in the time of an operation on its node. */
export function lossesOf({ node, wallMs, durationMs = 0 }: Operation, losses: readonly LossRecord[]): LossRecord[] {
  return lossesDuring(losses, { node, fromMs: wallMs, toMs: wallMs + durationMs })
}

/** Those that may concern what happened on a node at that time. */
export function lossesDuring(
  losses: readonly LossRecord[],
  { node, fromMs, toMs }: { node?: string | undefined; fromMs: number; toMs: number },
): LossRecord[] {
  return losses.filter(
    (loss) => (node === undefined || loss.node === node) && loss.sinceMs <= toMs && loss.wallMs >= fromMs,
  )
}

function stoppedText(stopped: readonly LossRecord[]): string {
  const { calls } = sumOf(stopped)
  const times =
    stopped.length === 1 ? "no observer was running for a while" : `no observer was running ${stopped.length} times`
  return `${times}: calls of that time were not recorded${calls > 0 ? `, and ${counted(calls, "was", "were")} in flight at its end` : ""}`
}

function sumOf(losses: readonly LossRecord[]): Losses {
  return losses.reduce<Losses>(
    (sum, { calls, ends, pieces, misses, records }) => ({
      calls: sum.calls + calls,
      ends: sum.ends + ends,
      pieces: sum.pieces + pieces,
      misses: sum.misses + misses,
      records: sum.records + records,
    }),
    NOTHING_LOST,
  )
}

/** "2026-11-28T23:07:10Z to 2026-11-28T23:07:12Z" */
function periodOf(losses: readonly LossRecord[]): string {
  const from = Math.min(...losses.map(({ sinceMs }) => sinceMs))
  const to = Math.max(...losses.map(({ wallMs }) => wallMs))
  return `${time(from)} to ${time(to)}`
}

function time(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`
}
