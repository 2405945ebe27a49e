import type { TimedCalls } from "./timed-calls.ts"
import type { TimeSteps } from "./timeline.ts"

/**
 * The most calls that ran at one time in each step; one that runs on counts until the last step. Beginnings and ends are
 * counted in slots, more than there are calls. So it is known how many ran when a slot began, and which few slots may hold
 * more than any other moment of their step: only what lies in these is put in order.
 */
export function peakInFlight(timed: TimedCalls, { startMs, stepMs, steps }: TimeSteps): number[] {
  const perStep = Math.max(1, Math.ceil((2 * timed.length) / steps))
  const slots = perStep * steps
  // Multiplied first, so that the first moment of a step is not rounded into the slot before.
  const slotOf = (ms: number) => Math.min(slots, Math.max(0, Math.floor(((ms - startMs) * perStep) / stepMs)))
  // The last slot is for what ends beyond all steps. `running` is what ends in a slot, then what runs as it begins.
  const begun = new Uint32Array(slots + 1)
  const running = new Int32Array(slots + 1)
  for (let call = 0; call < timed.length; call++) {
    const endMs = timed.endMs(call)
    if (Number.isNaN(endMs)) continue
    const [first, last] = [slotOf(timed.wallMs[call] ?? 0), slotOf(endMs)]
    begun[first] = (begun[first] ?? 0) + 1
    running[last] = (running[last] ?? 0) + 1
  }
  const most = new Array<number>(steps).fill(0)
  const isCrowded = new Uint8Array(slots + 1)
  for (let step = 0, now = 0; step < steps; step++) {
    const [from, to] = [step * perStep, (step + 1) * perStep]
    let mostNow = 0
    for (let slot = from; slot < to; slot++) {
      const ended = running[slot] ?? 0
      running[slot] = now
      if (now > mostNow) mostNow = now
      now += (begun[slot] ?? 0) - ended
    }
    most[step] = mostNow
    for (let slot = from; slot < to; slot++)
      if ((running[slot] ?? 0) + (begun[slot] ?? 0) > mostNow) isCrowded[slot] = 1
  }
  const [begins, ends]: [number[], number[]] = [[], []]
  for (let call = 0; call < timed.length; call++) {
    const endMs = timed.endMs(call)
    if (Number.isNaN(endMs)) continue
    const beginMs = timed.wallMs[call] ?? 0
    if (isCrowded[slotOf(beginMs)] === 1) begins.push(beginMs)
    if (isCrowded[slotOf(endMs)] === 1) ends.push(endMs)
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
    if (now > (most[step] ?? 0)) most[step] = now
  }
  return most
}
