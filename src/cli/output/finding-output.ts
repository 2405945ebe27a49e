import type { Finding } from "../../model/lint/finding.ts"
import { timestamp } from "./timestamp.ts"

/** A finding in a recorded call, as `lint` prints it. `startedAt`: RFC 3339; the same as `wallMs`. */
export type FindingOutput = Finding & { startedAt: string }

export function findingOutput(finding: Finding): FindingOutput {
  return { ...finding, startedAt: timestamp(finding.wallMs) }
}
