import type { ErrorGroup } from "../../model/statistics/error-groups.ts"
import { timestamp } from "./timestamp.ts"

/** Operations that failed for the same reason, as `stats --errors` prints them. `firstAt`, `lastAt`: RFC 3339. */
export type ErrorGroupOutput = ErrorGroup & { firstAt: string; lastAt: string }

export function errorGroupOutput(group: ErrorGroup): ErrorGroupOutput {
  return { ...group, firstAt: timestamp(group.firstMs), lastAt: timestamp(group.lastMs) }
}
