import type { SlowCall, Statistics } from "../../model/statistics/statistics.ts"
import { timestamp } from "./timestamp.ts"

/** Statistics as `stats` prints them. Times that end in `At` are RFC 3339. */
export type StatisticsOutput = Omit<Statistics, "timeline" | "slowest"> & {
  /** start of the first call, and of the last; the same as `firstMs` and `lastMs` */
  firstAt?: string
  lastAt?: string
  /** `startAt`: the same as `startMs` */
  timeline?: NonNullable<Statistics["timeline"]> & { startAt: string }
  /** `startedAt`: the same as `wallMs` */
  slowest: (SlowCall & { startedAt: string })[]
}

export function statisticsOutput({ timeline, slowest, ...statistics }: Statistics): StatisticsOutput {
  const { firstMs, lastMs } = statistics
  return {
    ...statistics,
    ...(firstMs === undefined ? {} : { firstAt: timestamp(firstMs) }),
    ...(lastMs === undefined ? {} : { lastAt: timestamp(lastMs) }),
    ...(timeline ? { timeline: { ...timeline, startAt: timestamp(timeline.startMs) } } : {}),
    slowest: slowest.map((call) => ({ ...call, startedAt: timestamp(call.wallMs) })),
  }
}
