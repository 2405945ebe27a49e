import type { ObservedCall } from "./observed-call.ts"
import { hasOpen } from "./open-files.ts"

/** As the relay: a begin record does not wait longer for stdin. */
const STDIN_WAIT_NS = 10e6
const TEXTS_WAIT_NS = 1e9
/** Descendants of a plugin that has exited may still write to its streams. */
const LINGER_NS = 10e9

/** What the observer knows of the ring, by the monotonic clock. */
export type RingTimes = {
  /** when the ring was found to be empty: everything that was written to it before has been read */
  emptyNs: number
  /** Until then, everything has been read. An observer that waits for a processor may be far behind. */
  knownNs: number
  /** of the clock */
  nowNs(): number
}

/**
 * Whether the begin record of a call is due. Its arguments may be in the next part of the ring: they are lost only if something
 * came after them.
 */
export function isTimeToBegin(
  { begin, exit, streams: [stdin], hasTexts, isForeign }: ObservedCall,
  { knownNs }: RingTimes,
): boolean {
  if (exit) return true
  const waitedNs = knownNs - begin.ns
  return !hasTexts && !isForeign ? waitedNs > TEXTS_WAIT_NS : stdin.hasEnded || waitedNs > STDIN_WAIT_NS
}

/**
 * Whether the end record of a call whose plugin has exited is due. What processes that have ended since the ring was read have
 * written is still to be read. `proc`: of the node.
 */
export function isTimeToEnd(call: ObservedCall, exitNs: number, times: RingTimes, proc: string): boolean {
  if (call.processes.length === 0 || times.knownNs - exitNs > LINGER_NS) return true
  if (call.releasedNs === undefined && !isHeld(call, proc)) call.releasedNs = times.nowNs()
  return call.releasedNs !== undefined && call.releasedNs < times.emptyNs
}

/** Whether a process that the plugin has left behind still has one of its outputs open, as the runtime waits for. */
function isHeld({ processes, begin }: ObservedCall, proc: string): boolean {
  const inodes = [begin.streams[1].ino, begin.streams[2].ino]
  return processes.some((pid) => hasOpen(`${proc}/${pid}`, inodes))
}
