import type { Call } from "../../model/call.ts"
import {
  type BeginNumberFact,
  type BeginTextFact,
  CALL_FACTS,
  CALL_STATES,
  type EndNumberFact,
  type NumberFact,
  type TextFact,
} from "../../model/call-schema.ts"
import { callWithoutStreams, type FactReader } from "../../model/call-without-streams.ts"
import { exitNumber } from "../../model/exit-number.ts"
import type { ByteSlice } from "./byte-slice.ts"
import type { RecordHeaderReader } from "./record-header.ts"

/** Where the header of a begin line has each text that a column holds. A missing one is a type error. */
export const BEGIN_TEXTS: Record<BeginTextFact, (header: RecordHeaderReader) => ByteSlice> = {
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

export const BEGIN_NUMBERS: Record<BeginNumberFact, (header: RecordHeaderReader) => number> = {
  depth: ({ depth }) => depth,
  as: ({ isProbe }) => (isProbe ? PROBE : RELAY),
  wallMs: ({ wallMs }) => wallMs,
  monoMs: ({ monoMs }) => monoMs,
  pid: ({ pid }) => pid,
  ppid: ({ ppid }) => ppid,
}

export const END_NUMBERS: Record<EndNumberFact, (header: RecordHeaderReader) => number> = {
  durationMs: ({ durationMs }) => durationMs,
  spawnMs: ({ spawnMs }) => spawnMs,
  exit: ({ exit }) => exitNumber(exit),
  maxRssBytes: ({ maxRssBytes }) => maxRssBytes,
}

const [RELAY, PROBE] = [CALL_FACTS.as.values.indexOf("relay"), CALL_FACTS.as.values.indexOf("probe")]
const [ENDED, UNKNOWN] = [CALL_STATES.indexOf("ended"), CALL_STATES.indexOf("unknown")]

/** What is known of a call from its begin line: a probe has ended with it. */
export function beginState({ isProbe }: RecordHeaderReader): number {
  return isProbe ? ENDED : UNKNOWN
}

/** The call of a begin line, without streams and environment. */
export function callOf(header: RecordHeaderReader): Call {
  return callWithoutStreams(new HeaderFacts(header))
}

class HeaderFacts implements FactReader {
  readonly #header: RecordHeaderReader

  constructor(header: RecordHeaderReader) {
    this.#header = header
  }

  id(): string {
    return this.#header.id.text() ?? ""
  }

  text(name: TextFact): string | undefined {
    return BEGIN_TEXTS[name](this.#header).text()
  }

  number(name: NumberFact): number {
    if (name === "state") return beginState(this.#header)
    return isBeginNumber(name) ? BEGIN_NUMBERS[name](this.#header) : Number.NaN
  }
}

function isBeginNumber(name: NumberFact): name is BeginNumberFact {
  return name in BEGIN_NUMBERS
}
