/** Milliseconds since 1970. */
export type Period = { fromMs: number; toMs: number }

/**
 * When nothing was recorded. `recorded`: periods with calls. `installedMs`: when the install that writes the capture was
 * made; undefined if there is none. `untilMs`: when it expires.
 */
export function unrecordedPeriods(
  recorded: readonly Period[],
  {
    installedMs,
    untilMs = Number.POSITIVE_INFINITY,
  }: { installedMs?: number | undefined; untilMs?: number | undefined },
  nowMs: number,
): Period[] {
  const before = (limitMs: number) => Math.max(...recorded.map(({ toMs }) => toMs).filter((toMs) => toMs <= limitMs))
  if (installedMs === undefined) return periods(before(nowMs), nowMs)
  return [...periods(before(installedMs), installedMs), ...periods(untilMs, nowMs)]
}

function periods(fromMs: number, toMs: number): Period[] {
  return Number.isFinite(fromMs) && fromMs < toMs ? [{ fromMs, toMs }] : []
}

/** `between 2026-09-21 03:00 and 2026-09-21 04:10 UTC` */
export function periodText({ fromMs, toMs }: Period): string {
  return `between ${minute(fromMs)} and ${minute(toMs)} UTC`
}

function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ")
}
