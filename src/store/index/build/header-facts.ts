import {
  type BeginNumberFact,
  type BeginTextFact,
  CALL_FACTS,
  CALL_STATES,
  type EndNumberFact,
} from "../../../model/call-schema.ts"
import { exitNumber } from "../../../model/exit-number.ts"
import type { ByteSlice, RecordHeader } from "../../scan/read-header.ts"

/** Where the header of a begin line has each text that a column holds. A missing one is a type error. */
export const BEGIN_TEXTS: Record<BeginTextFact, (header: RecordHeader) => ByteSlice> = {
  command: ({ context }) => context.command,
  namespace: ({ context }) => context.namespace,
  podName: ({ context }) => context.name,
  podUid: ({ context }) => context.uid,
  containerId: ({ context }) => context.containerId,
  ifname: ({ context }) => context.ifname,
  netns: ({ context }) => context.netns,
  network: ({ network }) => network,
  cniVersion: ({ cniVersion }) => cniVersion,
  parent: ({ parent }) => parent,
  node: ({ node }) => node,
  parentName: ({ parentName }) => parentName,
  plugin: ({ plugin }) => plugin,
}

export const BEGIN_NUMBERS: Record<BeginNumberFact, (header: RecordHeader) => number> = {
  depth: ({ depth }) => depth,
  as: ({ as }) => CALL_FACTS.as.values.indexOf(as),
  wallMs: ({ wallMs }) => wallMs,
  monoMs: ({ monoMs }) => monoMs,
  pid: ({ pid }) => pid,
  ppid: ({ ppid }) => ppid,
}

export const END_NUMBERS: Record<EndNumberFact, (header: RecordHeader) => number> = {
  durationMs: ({ durationMs }) => durationMs,
  spawnMs: ({ spawnMs }) => spawnMs,
  exit: ({ exit }) => exitNumber(exit),
  maxRssBytes: ({ maxRssBytes }) => maxRssBytes,
}

/** The value of the column `as` for a probe. */
export const PROBE = CALL_FACTS.as.values.indexOf("probe")
const [ENDED, UNKNOWN] = [CALL_STATES.indexOf("ended"), CALL_STATES.indexOf("unknown")]

/** What is known of a call from its begin line: a probe has ended with it. */
export function beginState({ isProbe }: RecordHeader): number {
  return isProbe ? ENDED : UNKNOWN
}
