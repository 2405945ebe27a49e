import type { FindingGroup } from "../../model/lint/finding-groups.ts"
import { timestamp } from "./timestamp.ts"

/**
 * Findings in recorded calls that differ only in the pod, as `lint` prints them: the newest of them and their count.
 * `startedAt` and `firstStartedAt`: RFC 3339; the same as `wallMs` and `firstMs`.
 */
export type FindingOutput = FindingGroup & { startedAt: string; firstStartedAt: string }

export function findingOutput(group: FindingGroup): FindingOutput {
  return { ...group, startedAt: timestamp(group.wallMs), firstStartedAt: timestamp(group.firstMs) }
}
