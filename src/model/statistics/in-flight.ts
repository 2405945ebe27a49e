import type { TimedCalls } from "./timed-calls.ts"
import type { TimeSteps } from "./timeline.ts"

/**
 * The maximum number of concurrent calls in each step; a call in flight counts until the last step. Begins and ends are
 * counted in slots, of which there are more than calls. The counts yield how many calls ran when a slot began, and in which
 * few slots the maximum of a step may lie; only the calls in those slots are sorted.
 */
export function peakInFlight(timed: TimedCalls, { startMs, stepMs, steps }: TimeSteps): number[] {
  const perStep = Math.max(1, Math.ceil((2 * timed.length) / steps))
  const slots = perStep * steps
  // Multiplied first, so that the start of a step is not rounded into the slot before it.
  const slotOf = (ms: number) => Math.min(slots, Math.max(0, Math.floor(((ms - startMs) * perStep) / stepMs)))
  // The last slot is for calls that end after all steps. `running` first counts the ends in a slot, then the calls that
  // run when it begins.
  const begun = new Uint32Array(slots + 1)
  const running = new Int32Array(slots + 1)
  for (let call = 0; call < timed.length; call++) {
    const endMs = timed.endMs(call)
    if (Number.isNaN(endMs)) continue
    const [first, last] = [slotOf(timed.wallMs[call] ?? 0), slotOf(endMs)]
    begun[first] = (begun[first] ?? 0) + 1
    running[last] = (running[last] ?? 0) + 1
  }
  const peaks = new Array<number>(steps).fill(0)
  const mayHoldPeak = new Uint8Array(slots + 1)
  for (let step = 0, now = 0; step < steps; step++) {
    const [from, to] = [step * perStep, (step + 1) * perStep]
    let peakAtSlots = 0
    for (let slot = from; slot < to; slot++) {
      const ended = running[slot] ?? 0
      running[slot] = now
      if (now > peakAtSlots) peakAtSlots = now
      now += (begun[slot] ?? 0) - ended
    }
    peaks[step] = peakAtSlots
    for (let slot = from; slot < to; slot++)
      if ((running[slot] ?? 0) + (begun[slot] ?? 0) > peakAtSlots) mayHoldPeak[slot] = 1
  }
  const [begins, ends]: [number[], number[]] = [[], []]
  for (let call = 0; call < timed.length; call++) {
    const endMs = timed.endMs(call)
    if (Number.isNaN(endMs)) continue
    const beginMs = timed.wallMs[call] ?? 0
    if (mayHoldPeak[slotOf(beginMs)] === 1) begins.push(beginMs)
    if (mayHoldPeak[slotOf(endMs)] === 1) ends.push(endMs)
  }
  const nextEnds = new Float64Array(ends).sort()
  let [slot, now, next] = [-1, 0, 0]
  for (const beginMs of new Float64Array(begins).sort()) {
    const own = slotOf(beginMs)
    if (own !== slot) {
      slot = own
      now = running[slot] ?? 0
      while (next < nextEnds.length && slotOf(nextEnds[next] ?? 0) < slot) next++
    }
    for (; (nextEnds[next] ?? Number.POSITIVE_INFINITY) <= beginMs; next++) now--
    now++
    const step = Math.floor(slot / perStep)
    if (now > (peaks[step] ?? 0)) peaks[step] = now
  }
  return peaks
}
